import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="watchedterm", name="watched_term_once"),
        migrations.AddConstraint(
            model_name="watchedterm",
            constraint=models.UniqueConstraint(
                models.F("study"),
                models.F("level"),
                models.F("selection"),
                django.db.models.functions.text.Lower("name"),
                name="watched_term_once_in_any_capitals",
            ),
        ),
    ]
