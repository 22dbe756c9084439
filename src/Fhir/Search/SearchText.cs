using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace HealthChain.Fhir.Search;

/// <summary>
/// Text as string searches see it: lower case, without accents and punctuation, blanks collapsed (R4, "string" parameters: case,
/// accents, punctuation and insignificant white space do not count).
/// </summary>
public static partial class SearchText
{
    private const byte Dropped = 0;
    private const byte Blank = (byte)' ';

    /// <summary>What each ASCII character folds to.</summary>
    private static readonly byte[] Ascii = MakeAscii();

    private static readonly FrozenDictionary<int, byte[]> Letters = MakeLetters();

    /// <summary>An upper bound for the length of a folded text.</summary>
    /// <remarks>No character grows to more than twice its UTF-8 length, neither by lower case nor by the table.</remarks>
    public static int MaxFoldedLength(int length) => length * 2;

    /// <summary>Writes the folded form of UTF-8 text and returns its length; the output must hold <see cref="MaxFoldedLength"/>.</summary>
    public static int Fold(ReadOnlySpan<byte> text, Span<byte> output)
    {
        int length = 0;
        bool blankIsDue = false;
        int at = 0;
        while (at < text.Length)
        {
            byte b = text[at];
            if (b < 0x80)
            {
                at++;
                byte folded = Ascii[b];
                if (folded == Blank)
                {
                    blankIsDue = length > 0;
                }
                else if (folded != Dropped)
                {
                    PutBlank(output, ref length, ref blankIsDue);
                    output[length++] = folded;
                }
            }
            else
            {
                // Broken UTF-8 becomes the replacement character, as everywhere in .NET.
                Rune.DecodeFromUtf8(text[at..], out Rune rune, out int read);
                at += read;
                FoldRune(rune, output, ref length, ref blankIsDue);
            }
        }

        return length;
    }

    /// <summary>The folded form as an array of its own.</summary>
    public static byte[] Fold(ReadOnlySpan<byte> text)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(MaxFoldedLength(text.Length));
        byte[] folded = rented.AsSpan(0, Fold(text, rented)).ToArray();
        ArrayPool<byte>.Shared.Return(rented);
        return folded;
    }

    private static void FoldRune(Rune rune, Span<byte> output, ref int length, ref bool blankIsDue)
    {
        if (IsAccent(rune.Value))
        {
            return;
        }

        Rune lower = Rune.ToLowerInvariant(rune);
        if (Letters.TryGetValue(lower.Value, out byte[]? letters))
        {
            PutBlank(output, ref length, ref blankIsDue);
            letters.CopyTo(output[length..]);
            length += letters.Length;
            return;
        }

        switch (Rune.GetUnicodeCategory(lower))
        {
            case UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Control:
                blankIsDue = length > 0;
                break;
            case UnicodeCategory category when IsPunctuation(category):
                break;
            default:
                PutBlank(output, ref length, ref blankIsDue);
                length += lower.EncodeToUtf8(output[length..]);
                break;
        }
    }

    private static void PutBlank(Span<byte> output, ref int length, ref bool blankIsDue)
    {
        if (blankIsDue)
        {
            output[length++] = Blank;
            blankIsDue = false;
        }
    }

    /// <summary>
    /// Marks that scripts can do without: of Latin, Greek and Cyrillic, Hebrew points, Arabic vowels. The combining signs of other
    /// scripts are letters to their readers (Devanagari vowels, Japanese voicing) and stay.
    /// </summary>
    private static bool IsAccent(int codePoint) => codePoint is
        (>= 0x0300 and <= 0x036F) or (>= 0x0483 and <= 0x0487) or (>= 0x0591 and <= 0x05BD) or (>= 0x064B and <= 0x065F)
        or (>= 0x1AB0 and <= 0x1AFF) or (>= 0x1DC0 and <= 0x1DFF) or (>= 0x20D0 and <= 0x20FF) or (>= 0xFE20 and <= 0xFE2F);

    private static bool IsPunctuation(UnicodeCategory category) => category is
        UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
        or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation
        or UnicodeCategory.OtherPunctuation or UnicodeCategory.Format;

    private static byte[] MakeAscii()
    {
        byte[] table = new byte[0x80];
        for (int i = 0; i < table.Length; i++)
        {
            char c = (char)i;
            table[i] = c <= ' ' || c == 0x7F ? Blank : char.IsPunctuation(c) ? Dropped : (byte)char.ToLowerInvariant(c);
        }

        return table;
    }

    private static FrozenDictionary<int, byte[]> MakeLetters()
    {
        var letters = new Dictionary<int, byte[]>();
        foreach (string line in FoldedLetters.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int blank = line.IndexOf(' ');
            byte[] target = Encoding.UTF8.GetBytes(line[..blank]);
            foreach (char letter in line.AsSpan(blank + 1))
            {
                letters.Add(letter, target);
            }
        }

        return letters.ToFrozenDictionary();
    }
}
