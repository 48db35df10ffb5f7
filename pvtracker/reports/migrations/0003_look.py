from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reports', '0002_audience_is_the_room'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='reportrecord', name='report_once'),
        migrations.AddField(
            model_name='reportrecord',
            name='look',
            field=models.CharField(blank=True, default='', max_length=36),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name='reportrecord',
            constraint=models.UniqueConstraint(
                fields=('cut', 'audience', 'analysis_arm', 'code_version', 'look'), name='report_once'
            ),
        ),
    ]
