namespace HealthChain.FhirServer.Responses;

/// <summary>The page that is being answered, and the way from it to the others.</summary>
/// <param name="cursor">The cursor by which it was asked for; null for the first page.</param>
/// <param name="position">What the cursor says.</param>
internal sealed class Pages(PageCursors cursors, PageLinks links, string? cursor, PagePosition? position)
{
    public PagePosition? Position => position;

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
