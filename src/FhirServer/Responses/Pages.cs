using HealthChain.Fhir;

namespace HealthChain.FhirServer.Responses;

/// <summary>The page that is being answered, and the way from it to the others.</summary>
/// <param name="cursor">The cursor by which it was asked for; null for the first page.</param>
/// <param name="position">What the cursor says.</param>
internal sealed class Pages(PageCursors cursors, PageLinks links, string? cursor, PagePosition? position)
{
    public PagePosition? Position => position;

    /// <param name="cursor">As the client sent it; null for the first page.</param>
    public static Result<Pages> Of(PageCursors cursors, PageLinks links, string? cursor)
    {
        if (cursor is null)
        {
            return new Pages(cursors, links, null, null);
        }

        Result<PagePosition> opened = cursors.Open(cursor, links.Context);
        return opened.IsOk ? new Pages(cursors, links, cursor, opened.Value) : opened.Error;
    }

    /// <param name="next">Where the following page begins; null on the last page.</param>
    public IReadOnlyList<BundleLink> Links(PagePosition? next)
    {
        var all = new List<BundleLink>(4) { links.Link("self", cursor) };
        if (position is not null || next is not null)
        {
            all.Add(links.Link("first", null));
        }

        if (position is not null && position.Previous is var previous && (previous is not null || !position.IsCut))
        {
            all.Add(links.Link("previous", previous is null ? null : cursors.Seal(previous, links.Context)));
        }

        if (next is not null)
        {
            all.Add(links.Link("next", cursors.Seal(next, links.Context)));
        }

        return all;
    }
}
