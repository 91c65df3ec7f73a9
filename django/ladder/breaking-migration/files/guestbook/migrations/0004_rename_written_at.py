from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("guestbook", "0003_entry_lamps")]
    operations = [migrations.RenameField("entry", "written_at", "signed_at")]
