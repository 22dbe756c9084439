using System.Buffers;
using System.Globalization;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Responses;

/// <summary>What an entry is in its bundle.</summary>
internal enum EntryRole
{
    Match,
    Include,
    Outcome,
    History,
}

/// <summary>One entry of a bundle.</summary>
/// <param name="Version">Whose resource it is; null for an outcome.</param>
/// <param name="Resource">The resource as JSON; empty for a deletion.</param>
/// <param name="Fragment">Id of the contained resource that is meant; null for the resource itself.</param>
internal readonly record struct BundleEntry(EntryRole Role, StoredVersion? Version, ReadOnlyMemory<byte> Resource, string? Fragment = null)
{
    /// <summary>How well a match fits, where that is a matter of degree.</summary>
    public MatchScore? Score { get; init; }

    public static BundleEntry Of(EntryRole role, StoredVersion version) => new(role, version, version.Json);

    public static BundleEntry Outcome(ReadOnlyMemory<byte> outcome) => new(EntryRole.Outcome, null, outcome);
}

/// <param name="Score">From 0 to 1.</param>
/// <param name="Grade">The same as a code of https://hl7.org/fhir/R4/valueset-match-grade.html.</param>
internal sealed record MatchScore(decimal Score, string Grade);

internal readonly record struct BundleLink(string Relation, string Url);

/// <summary>
/// A searchset or a history, ready to be written: https://hl7.org/fhir/R4/bundle.html. Resources are spliced in as they are stored; only
/// a selection of elements makes it look into them.
/// </summary>
internal sealed class Bundle
{
    public required string Type { get; init; }

    /// <summary>The FHIR base as the client sees it.</summary>
    public required string BaseUrl { get; init; }

    public long? Total { get; init; }

    public IReadOnlyList<BundleLink> Links { get; init; } = [];

    public IReadOnlyList<BundleEntry> Entries { get; init; } = [];

    public ElementSelection Selection { get; init; } = ElementSelection.All;

    /// <summary>True when an entry's data may lie in blobs.</summary>
    public bool HasBlobs
    {
        get
        {
            foreach (BundleEntry entry in Entries)
            {
                if (entry.Version is { HasBlobs: true })
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>About how long it will be.</summary>
    public int EstimatedLength => 1024 + Entries.Sum(entry => entry.Resource.Length + 256);

    public ReadOnlyMemory<byte> ToJson()
    {
        using var buffer = new PooledBuffer(EstimatedLength);
        WriteTo(buffer);
        return buffer.Written.ToArray();
    }

    public void WriteTo(PooledBuffer output)
    {
        output.Write("{\"resourceType\":\"Bundle\",\"type\":\""u8);
        output.WriteText(Type);
        output.Write("\""u8);
        if (Total is { } total)
        {
            output.Write(",\"total\":"u8);
            output.WriteNumber(total);
        }

        WriteLinks(output);
        if (Entries.Count > 0)
        {
            ReadOnlySpan<byte> start = JsonText.Escaped(BaseUrl);
            output.Write(",\"entry\":["u8);
            for (int i = 0; i < Entries.Count; i++)
            {
                output.Write(i == 0 ? "{"u8 : ",{"u8);
                WriteEntry(output, Entries[i], start);
                output.Write("}"u8);
            }

            output.Write("]"u8);
        }

        output.Write("}"u8);
    }

    private void WriteLinks(PooledBuffer output)
    {
        for (int i = 0; i < Links.Count; i++)
        {
            output.Write(i == 0 ? ",\"link\":[{\"relation\":\""u8 : ",{\"relation\":\""u8);
            output.WriteText(Links[i].Relation);
            output.Write("\",\"url\":"u8);
            output.WriteString(Links[i].Url);
            output.Write(i == Links.Count - 1 ? "}]"u8 : "}"u8);
        }
    }

    private void WriteEntry(PooledBuffer output, in BundleEntry entry, ReadOnlySpan<byte> baseUrl)
    {
        if (entry.Version is { } version)
        {
            output.Write("\"fullUrl\":\""u8);
            output.Write(baseUrl);
            output.Write("/"u8);
            WriteKey(output, version.Key);
            if (entry.Fragment is { } fragment)
            {
                output.Write("#"u8);
                output.Write(JsonText.Escaped(fragment));
            }

            output.Write("\","u8);
        }

        if (!entry.Resource.IsEmpty)
        {
            output.Write("\"resource\":"u8);
            WriteResource(output, entry);
            output.Write(","u8);
        }

        switch (entry.Role)
        {
            case EntryRole.Match when entry.Score is { } score:
                output.Write("\"search\":{\"extension\":[{\"url\":\"http://hl7.org/fhir/StructureDefinition/match-grade\",\"valueCode\":\""u8);
                output.WriteText(score.Grade);
                output.Write("\"}],\"mode\":\"match\",\"score\":"u8);
                output.WriteText(score.Score.ToString(CultureInfo.InvariantCulture));
                output.Write("}"u8);
                break;
            case EntryRole.Match:
                output.Write("\"search\":{\"mode\":\"match\"}"u8);
                break;
            case EntryRole.Include:
                output.Write("\"search\":{\"mode\":\"include\"}"u8);
                break;
            case EntryRole.Outcome:
                output.Write("\"search\":{\"mode\":\"outcome\"}"u8);
                break;
            default:
                WriteHistory(output, entry.Version!);
                break;
        }
    }

    private void WriteResource(PooledBuffer output, in BundleEntry entry)
    {
        ElementSelection selection = entry.Role switch
        {
            EntryRole.Outcome => ElementSelection.All,
            EntryRole.Include => Selection.ForIncluded,
            _ => Selection,
        };
        if (selection.IsAll || entry.Fragment is not null)
        {
            output.Write(entry.Resource.Span);
        }
        else
        {
            SubsetWriter.Write(entry.Resource.Span, ResourceTypes.Find(entry.Version!.Key.Type)!, selection, output);
        }
    }

    /// <summary>https://hl7.org/fhir/R4/http.html#history: the request that could have led to the version, and what was answered.</summary>
    private static void WriteHistory(PooledBuffer output, StoredVersion version)
    {
        output.Write(version.IsPosted ? "\"request\":{\"method\":\"POST\",\"url\":\""u8
            : version.IsDeleted ? "\"request\":{\"method\":\"DELETE\",\"url\":\""u8
            : "\"request\":{\"method\":\"PUT\",\"url\":\""u8);
        if (version.IsPosted)
        {
            output.WriteText(version.Key.Type);
        }
        else
        {
            WriteKey(output, version.Key);
        }

        output.Write("\"},\"response\":{\"status\":\""u8);
        output.Write(version.Change switch
        {
            ChangeKind.Create => "201 Created"u8,
            ChangeKind.Delete => "204 No Content"u8,
            _ => "200 OK"u8,
        });
        output.Write("\",\"etag\":\"W/\\\""u8);
        output.WriteNumber(version.Version);
        output.Write("\\\"\",\"lastModified\":"u8);
        output.WriteInstant(version.LastUpdated);
        output.Write("}"u8);
    }

    private static void WriteKey(PooledBuffer output, ResourceKey key)
    {
        output.WriteText(key.Type);
        output.Write("/"u8);
        output.WriteText(key.Id);
    }
}
