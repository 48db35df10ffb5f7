from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('studies', '0002_people_and_reviews'),
    ]

    operations = [
        migrations.AddField(
            model_name='study',
            name='definitions',
            field=models.JSONField(default=dict),
        ),
    ]
