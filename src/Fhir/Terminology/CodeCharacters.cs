using System.Buffers;

namespace HealthChain.Fhir.Terminology;

/// <summary>The sets of bytes of which codes with a grammar are made.</summary>
internal static class CodeCharacters
{
    private const string LettersAndDigits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    private static readonly SearchValues<byte> Alphabetic = Of(LettersAndDigits[..52]);
    private static readonly SearchValues<byte> Alphanumeric = Of(LettersAndDigits);
    private static readonly SearchValues<byte> UpperAlphanumeric = Of(LettersAndDigits[26..]);

    public static SearchValues<byte> AlphanumericAnd(string more) => Of(LettersAndDigits + more);

    public static SearchValues<byte> Of(string characters) => SearchValues.Create(System.Text.Encoding.ASCII.GetBytes(characters));

    public static bool IsAlphabetic(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(Alphabetic);

    public static bool IsAlphanumeric(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(Alphanumeric);

    public static bool IsUpperAlphanumeric(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(UpperAlphanumeric);

    public static bool IsDigits(ReadOnlySpan<byte> text) => !text.ContainsAnyExceptInRange((byte)'0', (byte)'9');
}
