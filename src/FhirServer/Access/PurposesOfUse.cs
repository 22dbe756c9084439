using HealthChain.Consent;

namespace HealthChain.FhirServer.Access;

/// <summary>
/// What data is wanted for, as settings and records write it: codes with a blank between them, each of v3-ActReason or with its own system before it, as
/// in <c>TREAT http://example.org/purposes|triage</c>.
/// </summary>
internal static class PurposesOfUse
{
    public static bool IsOne(string text) => text.Length > 0 && text.Split(' ').All(IsCode);

    public static IReadOnlyList<ConsentCode> Read(string? text) => text is null ? [] : [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(ReadCode)];

    private static bool IsCode(string word) => ReadCode(word) is { System.Length: > 0, Code.Length: > 0 } code
        && (code.System == Vocabulary.ActReasonSystem ? code.Code.All(char.IsAsciiLetterUpper) : Uri.IsWellFormedUriString(code.System, UriKind.Absolute));

    private static ConsentCode ReadCode(string word) =>
        word.LastIndexOf('|') is var bar and >= 0 ? new ConsentCode(word[..bar], word[(bar + 1)..]) : new ConsentCode(Vocabulary.ActReasonSystem, word);
}
