using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Validation;

/// <summary>Conditions of a Questionnaire must speak of its own questions. See R4 questionnaire.html#enableWhen.</summary>
internal static class Questionnaires
{
    public static void Check(Element questionnaire, ValidationRun run)
    {
        var order = new Dictionary<string, int>();
        Collect(questionnaire, order);
        CheckItems(questionnaire, order, run);
    }

    private static void Collect(Element parent, Dictionary<string, int> order)
    {
        foreach (Element item in parent.ChildrenOf("item"))
        {
            order.TryAdd(item.Child("linkId").TextOrNull() ?? "", order.Count);
            Collect(item, order);
        }
    }

    private static void CheckItems(Element parent, Dictionary<string, int> order, ValidationRun run)
    {
        foreach (Element item in parent.ChildrenOf("item"))
        {
            int own = order[item.Child("linkId").TextOrNull() ?? ""];
            foreach (Element condition in item.ChildrenOf("enableWhen"))
            {
                CheckCondition(condition.Child("question"), own, order, run);
            }

            CheckItems(item, order, run);
        }
    }

    private static void CheckCondition(Element question, int own, Dictionary<string, int> order, ValidationRun run)
    {
        if (!question.HasLiteral())
        {
            return;
        }

        if (!order.TryGetValue(question.Text!, out int position))
        {
            run.Findings.Error(
                question, IssueType.BusinessRule, "enableWhen", $"The condition asks for the item '{question.Value}', which the questionnaire does not have.");
        }
        else if (position == own)
        {
            run.Findings.Error(
                question, IssueType.BusinessRule, "enableWhen", $"The item '{question.Value}' depends on its own answer; name another question.");
        }
        else if (position > own)
        {
            run.Findings.Warning(
                question, IssueType.BusinessRule, "enableWhen", $"The item '{question.Value}' comes only later, so whoever answers in order cannot know it yet.");
        }
    }
}
