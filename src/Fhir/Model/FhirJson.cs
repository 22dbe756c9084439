using System.Buffers;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Model;

/// <summary>Bounds on what a reader accepts; beyond them it reports an issue and stops.</summary>
public sealed record ReadLimits
{
    public static ReadLimits Default { get; } = new();

    /// <summary>How deep objects may nest, the resource itself counted.</summary>
    public int MaxDepth { get; init; } = 64;

    public int MaxBytes { get; init; } = 256 * 1024 * 1024 - 1;

    /// <summary>Longest string in bytes; R4 limits strings to 1 MB, but base64 data and narratives are strings too.</summary>
    public int MaxStringBytes { get; init; } = 128 * 1024 * 1024;

    /// <summary>Number of faults after which the reader gives up.</summary>
    public int MaxIssues { get; init; } = 100;
}

/// <summary>What came of reading: a tree, or issues, or both.</summary>
/// <param name="Tree">The tree; null when the input has errors that leave none. When there are errors, it holds what could be read.</param>
/// <param name="Issues">Faults found, all at once, in order of the text.</param>
public readonly record struct ReadResult(ElementTree? Tree, IReadOnlyList<Issue> Issues)
{
    /// <summary>True when the input is acceptable as it stands.</summary>
    public bool IsOk => Tree is not null && Issues.Count == 0;

    /// <summary>The root of an acceptable input; throws the issues as <see cref="FhirException"/> otherwise.</summary>
    public Element Root => IsOk ? Tree!.Root : throw new FhirException(new FhirError(ErrorKind.Invalid, Issues));
}

/// <summary>
/// Reads and writes FHIR's JSON. Reading checks the structure against the schema in the same pass: member names, types,
/// repetition, formats of primitives; what needs a profile (cardinality, bindings, invariants) is the validator's.
/// </summary>
public static class FhirJson
{
    /// <summary>Reads one resource. The tree keeps <paramref name="utf8"/>, which must not change afterwards.</summary>
    public static ReadResult Read(ReadOnlyMemory<byte> utf8, ReadLimits? limits = null) =>
        JsonTreeReader.Read(FhirSchema.R4, utf8, rootType: null, limits ?? ReadLimits.Default);

    /// <summary>Reads a value of a data type, such as a pattern in a profile or a Parameters value; a primitive as bare JSON value.</summary>
    public static ReadResult ReadValue(TypeSchema type, ReadOnlyMemory<byte> utf8, ReadLimits? limits = null) =>
        JsonTreeReader.Read(FhirSchema.R4, utf8, type, limits ?? ReadLimits.Default);

    /// <summary>Writes an element with everything below it; a resource gets its <c>resourceType</c>, a primitive its bare value.</summary>
    public static void Write(Element element, IBufferWriter<byte> output, bool pretty = false) =>
        JsonTreeWriter.Write(element, output, pretty);

    /// <summary>
    /// Writes the members of an object without its braces and <c>resourceType</c>, a comma before each, those of the names left out:
    /// for who writes some members himself.
    /// </summary>
    public static void WriteMembers(Element element, IBufferWriter<byte> output, params ReadOnlySpan<string> leftOut) =>
        JsonTreeWriter.WriteMembers(element, output, leftOut);

    /// <summary>The JSON of an element as a byte array.</summary>
    public static byte[] ToBytes(Element element, bool pretty = false)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        Write(element, buffer, pretty);
        return buffer.WrittenSpan.ToArray();
    }
}
