from django.conf import settings
from django.db import migrations, models

TABLE, NAME = "reports_reportrecord", "report_audience_is_the_room"


def hold_to_the_room(apps, schema_editor):
    if settings.ROOM not in ("open", "closed"):
        raise ValueError(f"A database belongs to the open or the closed room, not to {settings.ROOM!r}.")
    schema_editor.execute(f"alter table {TABLE} add constraint {NAME} check (audience = '{settings.ROOM}')")


def let_go(apps, schema_editor):
    schema_editor.execute(f"alter table {TABLE} drop constraint {NAME}")


class Migration(migrations.Migration):

    dependencies = [
        ('reports', '0001_initial'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='reportrecord',
            constraint=models.UniqueConstraint(
                fields=('cut', 'audience', 'analysis_arm', 'code_version'), name='report_once'
            ),
        ),
        migrations.RunPython(hold_to_the_room, let_go),
    ]
