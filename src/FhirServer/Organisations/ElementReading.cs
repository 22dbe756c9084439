using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;

namespace HealthChain.FhirServer.Organisations;

/// <summary>Short words for what is read from resources here.</summary>
internal static class ElementReading
{
    /// <summary>Whether the first child of that name has that value.</summary>
    public static bool Says(this Element parent, string child, ReadOnlySpan<byte> value) => parent.Child(child) is { Exists: true } found && found.ValueIs(value);

    /// <summary>The value of the first child of that name; null when there is none.</summary>
    public static string? TextOf(this Element parent, string child) => parent.Child(child) is { Exists: true } found ? found.Text : null;

    /// <summary><c>Type/id</c> of what a Reference points at; null when that is not a resource of this server by a literal reference.</summary>
    public static string? LocalTarget(this Element reference, string? serverBase)
    {
        if (reference.Child("reference") is not { Exists: true, HasValue: true } literal)
        {
            return null;
        }

        ReadOnlySpan<byte> text = literal.Value;
        LiteralReference parsed = LiteralReference.Parse(text);
        string server = Encoding.UTF8.GetString(text[parsed.Server]);
        return parsed.Type is { } type && (server.Length == 0 || server == serverBase)
            ? $"{type.Name}/{Encoding.UTF8.GetString(text[parsed.Id])}"
            : null;
    }
}
