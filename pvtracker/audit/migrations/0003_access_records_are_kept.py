"""The room's login may add and read access records, never change or remove one."""

from django.db import migrations

REVOKE = """
do $$
declare login name;
begin
    for login in
        select distinct grantee from information_schema.role_table_grants
        where table_schema = current_schema() and table_name = 'audit_accessrecord' and grantee <> current_user
    loop
        execute format('revoke update, delete, truncate on audit_accessrecord from %I', login);
    end loop;
end $$
"""


class Migration(migrations.Migration):

    dependencies = [("audit", "0002_access_records")]

    operations = [migrations.RunSQL(REVOKE, migrations.RunSQL.noop)]
