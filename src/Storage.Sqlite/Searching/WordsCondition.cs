using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>All words stand in the resource. No index holds them, so each resource is opened.</summary>
internal sealed class WordsCondition : Condition
{
    private readonly bool _inNarrativeOnly;
    private readonly HashSet<string> _words;

    public WordsCondition(HasWords criterion)
    {
        _inNarrativeOnly = criterion.InNarrativeOnly;
        _words = [.. criterion.Words.SelectMany(word => Encoding.UTF8.GetString(SearchText.Fold(Encoding.UTF8.GetBytes(word))).Split(' ', StringSplitOptions.RemoveEmptyEntries))];
    }

    public override KeyAnswer Judge(SearchRun run, Candidate candidate, bool mayOpen)
    {
        if (!mayOpen)
        {
            return KeyAnswer.Maybe;
        }

        HashSet<string> missing = [.. _words];
        Element root = candidate.Root(run);
        if (!root.Exists)
        {
            return KeyAnswer.No;
        }

        if (!_inNarrativeOnly)
        {
            Search(run, root, missing);
        }
        else if (root.Child("text") is { Exists: true } narrative && narrative.Child("div") is { Exists: true, HasValue: true } div)
        {
            Remove(div.Value, missing);
        }

        return missing.Count == 0 ? KeyAnswer.Yes : KeyAnswer.No;
    }

    /// <summary>Words by which a reference tells of what is withheld are not there.</summary>
    private static void Search(SearchRun run, Element element, HashSet<string> missing)
    {
        if (element is { HasValue: true, IsText: true })
        {
            Remove(element.Value, missing);
        }

        foreach (Element child in element.Children)
        {
            if (missing.Count == 0)
            {
                return;
            }

            if (child.Name != "display" || element.Type.Name != "Reference" || !run.WithholdsWords(element))
            {
                Search(run, child, missing);
            }
        }
    }

    /// <summary>Takes the words of a text out of those that are missing.</summary>
    private static void Remove(ReadOnlySpan<byte> text, HashSet<string> missing)
    {
        Span<char> word = stackalloc char[256];
        HashSet<string>.AlternateLookup<ReadOnlySpan<char>> lookup = missing.GetAlternateLookup<ReadOnlySpan<char>>();
        ReadOnlySpan<byte> rest = SearchText.Fold(WithoutTags(text));
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)' ');
            ReadOnlySpan<byte> next = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (Encoding.UTF8.TryGetChars(next, word, out int length))
            {
                lookup.Remove(word[..length]);
            }
        }
    }

    /// <summary>Tags separate words and are none.</summary>
    private static ReadOnlySpan<byte> WithoutTags(ReadOnlySpan<byte> text)
    {
        if (!text.Contains((byte)'<'))
        {
            return text;
        }

        byte[] plain = text.ToArray();
        int at = 0;
        while (plain.AsSpan(at).IndexOf((byte)'<') is var open and >= 0)
        {
            int length = plain.AsSpan(at + open).IndexOf((byte)'>');
            if (length < 0)
            {
                break;
            }

            plain.AsSpan(at + open, length + 1).Fill((byte)' ');
            at += open + length + 1;
        }

        return plain;
    }
}
