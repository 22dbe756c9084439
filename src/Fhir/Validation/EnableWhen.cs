using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Validation;

/// <summary>
/// Whether a question is to be answered, given the other answers: Questionnaire.item.enableWhen. The question that a condition
/// names is looked for around the item first (so that repeating groups see their own), then in the whole response.
/// </summary>
internal sealed class EnableWhen(Element response)
{
    private const int MostToChooseFrom = 100;
    private Dictionary<string, List<Element>>? _answers;

    public bool IsEnabled(Element question, Element place)
    {
        if (!question.Child("enableWhen").Exists)
        {
            return true;
        }

        bool any = question.Child("enableBehavior").Is("any"u8);
        foreach (Element condition in question.ChildrenOf("enableWhen"))
        {
            if (Holds(condition, place) == any)
            {
                return any;
            }
        }

        return !any;
    }

    private bool Holds(Element condition, Element place)
    {
        Element linkId = condition.Child("question");
        Element expected = condition.Child("answer");
        string comparison = condition.Child("operator").TextOrNull() ?? "=";
        List<Element> answers = linkId.HasLiteral() ? AnswersTo(linkId, place) : [];
        if (comparison == "exists")
        {
            return answers.Count > 0 == !expected.Is("false"u8);
        }

        foreach (Element answer in answers)
        {
            if (expected.Exists && Compare(answer, expected, comparison))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Compare(Element answer, Element expected, string comparison)
    {
        if (comparison is "=" or "!=")
        {
            return AreSame(answer, expected) == (comparison == "=");
        }

        int order = Values.Compare(answer, expected);
        return comparison switch
        {
            ">" => order > 0,
            "<" => order < 0,
            ">=" => order >= 0,
            _ => order <= 0,
        };
    }

    // Codings are the same by system and code; whatever else they say, such as the display, is no difference.
    private static bool AreSame(Element answer, Element expected)
    {
        if (!ReferenceEquals(expected.Type, Known.Coding))
        {
            return expected.HasValue ? answer.ValueIs(expected.Value) : Values.Matches(answer, expected);
        }

        Element system = expected.Child(Known.CodingSystem);
        Element code = expected.Child(Known.CodingCode);
        return ReferenceEquals(answer.Type, Known.Coding) && code.Exists && answer.Child(Known.CodingCode).Is(code.Value)
            && (!system.Exists || !answer.Child(Known.CodingSystem).Exists || answer.Child(Known.CodingSystem).Is(system.Value));
    }

    private List<Element> AnswersTo(Element linkId, Element place)
    {
        if (_answers is null)
        {
            _answers = [];
            Collect(response, _answers);
        }

        List<Element> all = _answers.GetValueOrDefault(linkId.Text!) ?? [];
        if (all.Count is < 2 or > MostToChooseFrom)
        {
            return all;
        }

        for (Element around = place; around != response; around = around.Parent)
        {
            List<Element> near = all.FindAll(answer => IsWithin(answer, around));
            if (near.Count > 0)
            {
                return near;
            }
        }

        return all;
    }

    private static bool IsWithin(Element element, Element around)
    {
        Element current = element;
        while (current.Exists && current != around)
        {
            current = current.Parent;
        }

        return current.Exists;
    }

    private static void Collect(Element around, Dictionary<string, List<Element>> answers)
    {
        foreach (Element item in around.ChildrenOf("item"))
        {
            string linkId = item.Child("linkId").TextOrNull() ?? "";
            foreach (Element answer in item.ChildrenOf("answer"))
            {
                if (answer.Child("value") is { Exists: true } value)
                {
                    if (!answers.TryGetValue(linkId, out List<Element>? values))
                    {
                        answers.Add(linkId, values = []);
                    }

                    values.Add(value);
                }

                Collect(answer, answers);
            }

            Collect(item, answers);
        }
    }
}
