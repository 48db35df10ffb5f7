from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signals', '0005_further_cases_and_failed_screenings'),
    ]

    operations = [
        migrations.AddField(
            model_name='result',
            name='beyond_margin',
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name='result',
            name='r_hat',
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name='result',
            name='prior',
            field=models.CharField(blank=True, default='', max_length=40),
            preserve_default=False,
        ),
    ]
