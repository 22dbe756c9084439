using HealthChain.Fhir.Model;

namespace HealthChain.Consent.Rules;

/// <summary>Reading elements that may be missing.</summary>
internal static class Reading
{
    /// <summary>The text of a child; null when either is missing.</summary>
    public static string? TextOf(this Element parent, string name) =>
        parent.Exists && parent.Child(name) is { Exists: true } child ? child.Text : null;

    /// <summary>The code and system of a Coding, as far as it has them.</summary>
    public static ConsentCode ToCode(this Element coding) => new(coding.TextOf("system") ?? "", coding.TextOf("code") ?? "");
}
