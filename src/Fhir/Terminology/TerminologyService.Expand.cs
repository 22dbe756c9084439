using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <content><c>$expand</c>: https://hl7.org/fhir/R4/valueset-operation-expand.html</content>
public sealed partial class TerminologyService
{
    private const int MaxFilterWords = 32;

    /// <summary>The codes of a value set. An error names the code system and the filter that are out of reach, or says that it is too big.</summary>
    public Result<Expansion> Expand(string canonical, ExpansionRequest? request = null) =>
        Run(() => FindValueSet(canonical) is null
            ? FhirError.NotFound($"Value set {canonical} is not loaded.")
            : Expand(Get(canonical), request ?? ExpansionRequest.Default));

    /// <summary>The codes of a value set that is given and not loaded, such as one that was posted.</summary>
    public Result<Expansion> Expand(ValueSet valueSet, ExpansionRequest? request = null) =>
        Run(() => Expand(Compile(valueSet), request ?? ExpansionRequest.Default));

    /// <summary>A value set that is given and not loaded, ready for membership questions.</summary>
    public CompiledValueSet Compile(ValueSet valueSet) =>
        new ValueSetCompiler(_systems, Compile, [valueSet.Url]).Compile(valueSet.Url, valueSet);

    private static Result<T> Run<T>(Func<Result<T>> operation)
    {
        try
        {
            return operation();
        }
        catch (FhirException exception)
        {
            return exception.Error;
        }
    }

    private Result<Expansion> Expand(CompiledValueSet compiled, ExpansionRequest request)
    {
        if (request.Offset < 0 || request.Count < 0)
        {
            return FhirError.Invalid($"offset and count of an expansion must not be negative (found {request.Offset} and {request.Count}).");
        }

        string[] words = (request.Filter ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length > MaxFilterWords)
        {
            return FhirError.Invalid($"The filter of an expansion has {words.Length} words; at most {MaxFilterWords} are looked for.");
        }

        var expander = new Expander(_systems, Get, request.Limited, []);
        expander.Collect(compiled);
        List<ExpansionCandidate> wanted = Select(expander.Candidates, request, words);
        int length = Math.Min(Math.Max(0, wanted.Count - request.Offset), request.Count ?? int.MaxValue);
        if (length > _options.MaxExpansionCodes)
        {
            return FhirError.Of(
                ErrorKind.TooCostly,
                IssueType.TooCostly,
                $"The expansion of {compiled.Canonical} has {wanted.Count} codes; at most {_options.MaxExpansionCodes} are given at once. Ask for pages (offset, count) or give a filter.");
        }

        bool isPage = request.Offset > 0 || request.Count is not null || request.Filter is not null;
        List<ExpansionCandidate> page = [.. wanted.Skip(request.Offset).Take(length)];
        IReadOnlyList<string> languages = Displays.Languages(request.DisplayLanguage);
        ExpansionEntry Entry(ExpansionCandidate candidate) => ToEntry(candidate, request, languages);
        string[] missing = [.. expander.Missing];
        return new Expansion(
            compiled.Definition!.Url,
            compiled.Definition.Version,
            wanted.Count,
            request.Offset,
            request.ExcludeNested || isPage ? [.. page.Select(Entry)] : ExpansionTree.Build(page, Entry),
            [.. expander.Candidates.Select(candidate => candidate.Index?.Definition.ToString() ?? candidate.System).Distinct()],
            missing.Length == 0,
            [.. missing.Concat(expander.Notes).Select(text => Issue.Warning(IssueType.Incomplete, text))]);
    }

    private List<ExpansionCandidate> Select(IEnumerable<ExpansionCandidate> candidates, ExpansionRequest request, string[] words)
    {
        if (request.ActiveOnly)
        {
            candidates = candidates.Where(candidate => !Has(candidate, candidate.Index?.Inactive));
        }

        if (request.ExcludeNotForUI)
        {
            candidates = candidates.Where(candidate => !Has(candidate, candidate.Index?.Abstract));
        }

        return [.. words.Length == 0 ? candidates : candidates.Where(candidate => IsFound(candidate, words))];
    }

    private bool IsFound(ExpansionCandidate candidate, string[] words)
    {
        List<string> texts = [candidate.Code, .. Designations(candidate).Select(designation => designation.Value)];
        if (Display(candidate) is { } display)
        {
            texts.Add(display);
        }

        return words.All(word => texts.Exists(text => HasWordThatStartsWith(text, word)));
    }

    private static bool HasWordThatStartsWith(string text, string word)
    {
        for (int at = text.IndexOf(word, StringComparison.OrdinalIgnoreCase); at >= 0; at = text.IndexOf(word, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            if (at == 0 || !char.IsLetterOrDigit(text[at - 1]))
            {
                return true;
            }
        }

        return false;
    }

    private ExpansionEntry ToEntry(ExpansionCandidate candidate, ExpansionRequest request, IReadOnlyList<string> languages)
    {
        bool needsDesignations = request.IncludeDesignations || languages.Count > 0;
        List<Designation> designations = needsDesignations ? [.. Designations(candidate)] : [];
        return new ExpansionEntry(
            candidate.System,
            candidate.Index?.Definition.Version,
            candidate.Code,
            Displays.Choose(Display(candidate), candidate.Index?.Definition.Language, designations, languages))
        {
            Definition = request.IncludeDefinition && candidate.Concept >= 0 ? candidate.Index![candidate.Concept].Definition : null,
            IsAbstract = Has(candidate, candidate.Index?.Abstract),
            IsInactive = Has(candidate, candidate.Index?.Inactive),
            Designations = request.IncludeDesignations ? designations : [],
        };
    }

    // What the value set says of a code goes before what the code system says (R4, ValueSet.compose.include.concept.display).
    private static string? Display(ExpansionCandidate candidate) =>
        candidate.Reference?.Display ?? (candidate.Concept >= 0 ? candidate.Index![candidate.Concept].Display : null);

    private IEnumerable<Designation> Designations(ExpansionCandidate candidate)
    {
        IEnumerable<Designation> own = candidate.Reference?.Designations ?? [];
        return candidate.Concept >= 0 ? own.Concat(_systems.Designations(candidate.Index!, candidate.Concept)) : own;
    }

    private static bool Has(ExpansionCandidate candidate, System.Collections.BitArray? marks) =>
        candidate.Concept >= 0 && marks![candidate.Concept];
}
