using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Validation;

/// <summary>Holds a MeasureReport against its Measure, when the caller's resolver finds it. See R4 measurereport.html.</summary>
internal static class MeasureReports
{
    public static void Check(Element report, ValidationRun run)
    {
        bool listsSubjects = report.Child("type").Is("subject-list"u8);
        if (!listsSubjects)
        {
            CheckNoSubjects(report, run);
        }

        Element canonical = report.Child("measure");
        Element measure = canonical.HasLiteral() ? run.References.Resolve(canonical) : default;
        if (!measure.Exists || measure.Type.Name != "Measure")
        {
            return;
        }

        bool isCohort = measure.Child("scoring") is { Exists: true } scoring && HasCode(scoring, "cohort"u8);
        int position = 0;
        foreach (Element group in report.ChildrenOf("group"))
        {
            CheckGroup(group, GroupOf(measure, group, position++), isCohort, run);
        }
    }

    private static void CheckGroup(Element group, Element definition, bool isCohort, ValidationRun run)
    {
        if (!definition.Exists)
        {
            run.Findings.Error(group, IssueType.BusinessRule, "measure", $"The measure has no such group; report the groups that it defines.");
            return;
        }

        if (isCohort && group.Child("measureScore") is { Exists: true } score)
        {
            run.Findings.Error(score, IssueType.BusinessRule, "measure", $"A measure whose scoring is cohort has no score; remove measureScore.");
        }

        foreach (Element population in group.ChildrenOf("population"))
        {
            Element code = population.Child("code");
            if (code.Exists && !IsDefined(code, definition))
            {
                run.Findings.Error(
                    population, IssueType.BusinessRule, "measure", $"The measure defines no population of this code in the group; correct the code.");
            }
        }
    }

    private static void CheckNoSubjects(Element element, ValidationRun run)
    {
        foreach (Element group in element.ChildrenOf("group"))
        {
            foreach (Element population in group.ChildrenOf("population"))
            {
                if (population.Child("subjectResults") is { Exists: true } subjects)
                {
                    run.Findings.Error(
                        subjects, IssueType.BusinessRule, "measure", $"Only a report of type subject-list lists subjects; remove subjectResults.");
                }
            }
        }
    }

    // Groups are matched by their code, or by position where they have none.
    private static Element GroupOf(Element measure, Element group, int position)
    {
        Element code = group.Child("code");
        int index = 0;
        foreach (Element definition in measure.ChildrenOf("group"))
        {
            if (code.Exists ? SharesCoding(code, definition.Child("code")) : index == position)
            {
                return definition;
            }

            index++;
        }

        return default;
    }

    private static bool IsDefined(Element code, Element group)
    {
        foreach (Element population in group.ChildrenOf("population"))
        {
            if (SharesCoding(code, population.Child("code")))
            {
                return true;
            }
        }

        return false;
    }

    private static bool SharesCoding(Element left, Element right)
    {
        if (!right.Exists)
        {
            return false;
        }

        foreach (Element coding in left.ChildrenOf(Known.CodeableConceptCoding))
        {
            foreach (Element other in right.ChildrenOf(Known.CodeableConceptCoding))
            {
                Element code = other.Child(Known.CodingCode);
                Element system = other.Child(Known.CodingSystem);
                if (code.Exists && coding.Child(Known.CodingCode).Is(code.Value)
                    && (system.Exists ? coding.Child(Known.CodingSystem).Is(system.Value) : !coding.Child(Known.CodingSystem).Exists))
                {
                    return true;
                }
            }
        }

        return left.Child("text") is { Exists: true } text && right.Child("text").Is(text.Value);
    }

    private static bool HasCode(Element concept, ReadOnlySpan<byte> code)
    {
        foreach (Element coding in concept.ChildrenOf(Known.CodeableConceptCoding))
        {
            if (coding.Child(Known.CodingCode).Is(code))
            {
                return true;
            }
        }

        return false;
    }
}
