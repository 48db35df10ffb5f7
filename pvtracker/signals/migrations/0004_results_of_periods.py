from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('signals', '0003_plans_orders_and_pieces'),
    ]

    operations = [
        migrations.AddField(
            model_name='result',
            name='period',
            field=models.CharField(blank=True, default='', max_length=40),
            preserve_default=False,
        ),
    ]
