using System.Text;
using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Validation;

/// <summary>
/// Holds a QuestionnaireResponse against its Questionnaire, when that is contained or the caller's resolver finds it. See R4
/// questionnaireresponse.html and questionnaire.html#enableWhen.
/// </summary>
internal static class QuestionnaireResponses
{
    public static void Check(Element response, ValidationRun run)
    {
        Element canonical = response.Child("questionnaire");
        if (!canonical.HasLiteral())
        {
            return;
        }

        Element questionnaire = run.References.Resolve(canonical);
        if (!questionnaire.Exists || questionnaire.Type.Name != "Questionnaire")
        {
            run.Findings.Information(
                canonical, IssueType.NotFound, "questionnaire",
                $"The questionnaire {canonical.Value} is not at hand, so the answers are not checked against it.");
            return;
        }

        string status = response.Child("status").TextOrNull() ?? "";
        new Comparison(response, questionnaire, status is "completed" or "amended", run).CheckItems(questionnaire, response, isEnabled: true);
    }

    private sealed class Comparison(Element response, Element questionnaire, bool isComplete, ValidationRun run)
    {
        private readonly EnableWhen _conditions = new(response);
        private HashSet<string>? _known;

        /// <summary>Compares the items of one level: those asked with those answered.</summary>
        public void CheckItems(Element asked, Element answered, bool isEnabled)
        {
            Dictionary<string, int> positions = Positions(asked);
            Dictionary<string, List<Element>> given = [];
            int lastPosition = -1;
            foreach (Element item in answered.ChildrenOf("item"))
            {
                Element linkId = item.Child("linkId");
                string id = linkId.TextOrNull() ?? "";
                if (!positions.TryGetValue(id, out int position))
                {
                    ReportStray(item, linkId);
                    continue;
                }

                if (!given.TryGetValue(id, out List<Element>? items))
                {
                    given.Add(id, items = []);
                }

                items.Add(item);

                if (position < lastPosition)
                {
                    run.Findings.Error(
                        item, IssueType.Structure, "questionnaire", $"The item {linkId.Value} stands out of order; keep the order of the questionnaire.");
                }

                lastPosition = Math.Max(lastPosition, position);
            }

            foreach (Element question in asked.ChildrenOf("item"))
            {
                // A question without a linkId is a fault of the questionnaire; nothing can answer it.
                if (question.Child("linkId").TextOrNull() is { } id)
                {
                    List<Element> items = given.GetValueOrDefault(id) ?? [];
                    CheckQuestion(question, answered, items, isEnabled && _conditions.IsEnabled(question, answered));
                }
            }
        }

        private void CheckQuestion(Element question, Element answered, List<Element> items, bool isEnabled)
        {
            Element linkId = question.Child("linkId");
            string type = question.Child("type").TextOrNull() ?? "";
            int answers = 0;
            foreach (Element item in items)
            {
                answers += item.ChildrenOf("answer").Count() + (type == "group" && item.Child("item").Exists ? 1 : 0);
                CheckItem(question, item, type, isEnabled);
            }

            bool repeats = question.Child("repeats").Is("true"u8);
            if (items.Count > 1 && !(repeats && type == "group"))
            {
                run.Findings.Error(
                    answered, IssueType.Structure, "questionnaire", $"The item {linkId.Value} occurs {items.Count} times; it does not repeat.");
            }

            if (answers == 0 && isEnabled && question.Child("required").Is("true"u8))
            {
                run.Findings.Report(
                    isComplete ? IssueSeverity.Error : IssueSeverity.Warning, answered, IssueType.Required, "questionnaire",
                    $"The required item {linkId.Value} has no answer; add one.");
            }
        }

        private void CheckItem(Element question, Element item, string type, bool isEnabled)
        {
            Element linkId = question.Child("linkId");
            int answers = item.ChildrenOf("answer").Count();
            if (!isEnabled && (answers > 0 || item.Child("item").Exists))
            {
                run.Findings.Error(
                    item, IssueType.BusinessRule, "questionnaire",
                    $"The item {linkId.Value} has an answer although its conditions (enableWhen) do not hold; remove it.");
            }

            if (type is "group" or "display" && answers > 0)
            {
                run.Findings.Error(
                    item, IssueType.Structure, "questionnaire", $"The item {linkId.Value} is a {type}, which takes no answer; remove it.");
            }

            if (answers > 1 && !question.Child("repeats").Is("true"u8))
            {
                run.Findings.Error(
                    item, IssueType.Structure, "questionnaire", $"The item {linkId.Value} takes one answer, but has {answers}.");
            }

            foreach (Element answer in item.ChildrenOf("answer"))
            {
                Answers.Check(question, answer, type, run);
                CheckItems(question, answer, isEnabled);
            }

            if (type == "group" || item.Child("item").Exists)
            {
                CheckItems(question, item, isEnabled);
            }
        }

        private void ReportStray(Element item, Element linkId)
        {
            if (linkId.HasLiteral())
            {
                string hint = (_known ??= AllLinkIds(questionnaire, [])).Contains(linkId.Text!)
                    ? "does not belong here in the questionnaire"
                    : "is not in the questionnaire";
                run.Findings.Error(item, IssueType.NotFound, "questionnaire", $"The item {linkId.Value} {hint}; correct its linkId.");
            }
        }

        private static HashSet<string> AllLinkIds(Element asked, HashSet<string> known)
        {
            foreach (Element question in asked.ChildrenOf("item"))
            {
                known.Add(question.Child("linkId").TextOrNull() ?? "");
                AllLinkIds(question, known);
            }

            return known;
        }

        private static Dictionary<string, int> Positions(Element asked)
        {
            var positions = new Dictionary<string, int>();
            foreach (Element question in asked.ChildrenOf("item"))
            {
                if (question.Child("linkId") is { Exists: true } linkId)
                {
                    positions.TryAdd(linkId.Text ?? "", positions.Count);
                }
            }

            return positions;
        }
    }
}

/// <summary>One answer against its question: the type of the value, its length, the options to choose from.</summary>
internal static class Answers
{
    public static void Check(Element question, Element answer, string type, ValidationRun run)
    {
        Element value = answer.Child("value");
        Element linkId = question.Child("linkId");
        if (!value.Exists)
        {
            return;
        }

        if (!Fits(question, value, type))
        {
            run.Findings.Error(
                value, IssueType.Structure, "questionnaire", $"The item {linkId.Value} asks for {type}, but the answer is a {value.Type.Name}.");
            return;
        }

        Element maxLength = question.Child("maxLength");
        if (maxLength.HasLiteral() && value.HasValue && int.TryParse(maxLength.Value, out int longest)
            && Encoding.UTF8.GetCharCount(value.Value) > longest)
        {
            run.Findings.Error(
                value, IssueType.TooLong, "questionnaire", $"The answer to {linkId.Value} may have {longest} characters, but is longer.");
        }

        if (type is "choice" or "open-choice")
        {
            CheckOptions(question, value, type, run);
        }
    }

    private static bool Fits(Element question, Element value, string type)
    {
        string actual = value.Type.Name;
        return type switch
        {
            "text" or "string" => actual == "string",
            "url" => actual == "uri",
            "choice" => actual == "Coding" || HasOptionOf(question, actual),
            "open-choice" => actual is "Coding" or "string" || HasOptionOf(question, actual),
            "quantity" => actual == "Quantity",
            "reference" => actual == "Reference",
            "attachment" => actual == "Attachment",
            "boolean" or "decimal" or "integer" or "date" or "dateTime" or "time" => actual == type,
            _ => true,
        };
    }

    private static bool HasOptionOf(Element question, string type)
    {
        foreach (Element option in question.ChildrenOf("answerOption"))
        {
            if (option.Child("value") is { Exists: true } value && value.Type.Name == type)
            {
                return true;
            }
        }

        return false;
    }

    private static void CheckOptions(Element question, Element value, string type, ValidationRun run)
    {
        if (type == "open-choice" && value.Type.Name == "string")
        {
            return;
        }

        Element valueSet = question.Child("answerValueSet");
        if (valueSet.HasLiteral() && valueSet.RawValue[0] != '#')
        {
            new BindingRules(new Definitions.Binding(Definitions.BindingStrength.Required, valueSet.Text, null)).Check(value, run);
            return;
        }

        if (!question.Child("answerOption").Exists)
        {
            return;
        }

        foreach (Element option in question.ChildrenOf("answerOption"))
        {
            if (IsOption(value, option.Child("value")))
            {
                return;
            }
        }

        run.Findings.Error(
            value, IssueType.CodeInvalid, "questionnaire",
            $"The answer to {question.Child("linkId").Value} is none of the options that the questionnaire offers.");
    }

    private static bool IsOption(Element value, Element option)
    {
        if (!option.Exists || value.HasValue)
        {
            return option.Exists && option.HasValue && value.ValueIs(option.Value);
        }

        Element code = option.Child("code");
        Element system = option.Child("system");
        return code.Exists
            ? value.Child("code").Is(code.Value) && (!system.Exists || value.Child("system").Is(system.Value))
            : Values.Matches(value, option);
    }
}
