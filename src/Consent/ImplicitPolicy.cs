namespace HealthChain.Consent;

/// <summary>
/// What holds where no consent speaks, or what a consent without rules refers to: the policies of IHE's Privacy Consent on FHIR
/// (https://profiles.ihe.net/ITI/PCF/volume-1.html#15321-implicit-option).
/// </summary>
public sealed class ImplicitPolicy
{
    private const string Root = "https://profiles.ihe.net/ITI/PCF/";

    private readonly Func<Question, Vocabulary, bool> _permits;

    private ImplicitPolicy(string name, Func<Question, Vocabulary, bool> permits)
    {
        Uri = Root + name;
        _permits = permits;
    }

    /// <summary>Nothing is permitted.</summary>
    public static ImplicitPolicy Deny { get; } = new("Policy-deny", (_, _) => false);

    /// <summary>Clinicians may, for treatment.</summary>
    public static ImplicitPolicy BasicNormal { get; } = new("Policy-basic-normal", (question, vocabulary) => question.IsClinician && Treats(question, vocabulary));

    /// <summary>Whoever may come in at all.</summary>
    public static ImplicitPolicy AllNormal { get; } = new("Policy-all-normal", (_, _) => true);

    /// <summary>Only who declares to break the glass, and may.</summary>
    public static ImplicitPolicy BreakGlassOnly { get; } = new(
        "Policy-break-glass-only",
        (question, _) => question is { MayBreakGlass: true, DeclaresBreakGlass: true } && question.Purposes.Contains(Vocabulary.BreakGlass));

    public static IReadOnlyList<ImplicitPolicy> All { get; } = [Deny, BasicNormal, AllNormal, BreakGlassOnly];

    public string Uri { get; }

    /// <summary>The policy of that uri; null for one that is not known, which whoever asks must take as a refusal.</summary>
    public static ImplicitPolicy? Find(string? uri) => All.FirstOrDefault(policy => policy.Uri == uri);

    public bool Permits(Question question, Vocabulary vocabulary) => _permits(question, vocabulary);

    private static bool Treats(Question question, Vocabulary vocabulary) =>
        question.Purposes.Any(purpose => vocabulary.IsAtOrBelow(purpose, Vocabulary.Treatment));
}
