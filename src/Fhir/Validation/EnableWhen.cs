using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Validation;

/// <summary>
/// Whether a question is to be answered, given the other answers: Questionnaire.item.enableWhen. The question that a condition
/// names is looked for around the item first (so that repeating groups see their own), then in the whole response.
/// </summary>
internal sealed class EnableWhen(Element response)
{
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
        var found = new List<Element>();
        for (Element around = place; around.Exists && found.Count == 0; around = around.Parent)
        {
            Collect(around, linkId, found);
            if (around == response)
            {
                break;
            }
        }

        return found;
    }

    private static void Collect(Element around, Element linkId, List<Element> found)
    {
        foreach (Element item in around.ChildrenOf("item"))
        {
            foreach (Element answer in item.ChildrenOf("answer"))
            {
                if (item.Child("linkId").Is(linkId.Value) && answer.Child("value") is { Exists: true } value)
                {
                    found.Add(value);
                }

                Collect(answer, linkId, found);
            }

            Collect(item, linkId, found);
        }
    }
}
