"""Money is moved between budgets, and budgets are closed, by two people, too."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("rewards", "0161_told")]
    operations = [
        migrations.RenameModel(old_name="FundingProposal", new_name="BudgetProposal"),
        migrations.AlterField(
            model_name="budgetproposal",
            name="review",
            field=models.OneToOneField(
                on_delete=models.deletion.PROTECT, related_name="budget_act", to="rewards.review"
            ),
        ),
        migrations.AddField(
            model_name="budgetproposal",
            name="target",
            field=models.ForeignKey(
                null=True, on_delete=models.deletion.PROTECT, related_name="+", to="rewards.budget"
            ),
        ),
        migrations.RemoveConstraint(model_name="budgetproposal", name="rewards_funding_above_zero"),
        migrations.AddConstraint(
            model_name="budgetproposal",
            constraint=models.CheckConstraint(
                condition=Q(amount_minor__gte=0), name="rewards_budget_act_not_below_zero"
            ),
        ),
    ]
