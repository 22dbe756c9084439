using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Validation;

/// <summary>What a Bundle must be beyond its invariants: identities of entries, documents, transactions, search sets. See R4 bundle.html.</summary>
internal static class Bundles
{
    private static readonly Utf8Set CompositionReferences = new("subject", "encounter", "author", "custodian", "party", "entry", "focus", "detail");

    public static void Check(Element bundle, ValidationRun run)
    {
        string type = bundle.Child("type").TextOrNull() ?? "";
        bool isRequest = type is "transaction" or "batch";
        bool isResponse = type is "transaction-response" or "batch-response";
        HashSet<string>? written = type == "transaction" ? [] : null;
        foreach (Element entry in bundle.ChildrenOf("entry"))
        {
            CheckIdentity(entry, isRequest || isResponse, run);
            if (isRequest)
            {
                CheckRequest(entry, written, run);
            }
            else if (type == "searchset")
            {
                CheckSearchResult(entry, run);
            }
        }

        CheckLinks(bundle, run);
        if (type == "document")
        {
            CheckDocument(bundle, run);
        }
    }

    // A page has one address, one next page: two links of one relation leave the reader to guess (bundle.html#links).
    private static void CheckLinks(Element bundle, ValidationRun run)
    {
        HashSet<string>? relations = null;
        foreach (Element link in bundle.ChildrenOf("link"))
        {
            if (link.Child("relation").TextOrNull() is { } relation && !(relations ??= []).Add(relation))
            {
                run.Findings.Error(link, IssueType.Duplicate, "link", $"There is a link with the relation '{relation}' already.");
            }
        }
    }

    private static void CheckIdentity(Element entry, bool mayLackFullUrl, ValidationRun run)
    {
        Element fullUrl = entry.Child("fullUrl");
        Element resource = entry.Child("resource");
        if (!fullUrl.HasLiteral())
        {
            // What an operation made up, such as the OperationOutcome of a search, need not be identified.
            if (resource.Exists && !mayLackFullUrl && !fullUrl.Exists && resource.Type.Name != "OperationOutcome")
            {
                run.Findings.Error(
                    entry, IssueType.Required, "fullUrl",
                    $"The entry has no fullUrl; outside of transactions and batches every entry must say which resource it holds.");
            }

            return;
        }

        ReferenceLiteral parsed = ReferenceLiteral.Parse(fullUrl.Value);
        if (parsed.Kind is not (ReferenceKind.RestUrl or ReferenceKind.Uri))
        {
            run.Findings.Error(
                fullUrl, IssueType.Value, "fullUrl", $"A fullUrl must be an absolute url or a urn; '{fullUrl.Value}' is not.");
            return;
        }

        if (parsed.Kind == ReferenceKind.RestUrl && resource.Exists)
        {
            ReadOnlySpan<byte> end = fullUrl.Value[parsed.TypeStart..parsed.End];
            int slash = end.IndexOf((byte)'/');
            Element id = resource.Child("id");
            if (!ReferenceEquals(parsed.Type, resource.Type) || (id.HasLiteral() ? !id.ValueIs(end[(slash + 1)..]) : !mayLackFullUrl))
            {
                run.Findings.Error(
                    fullUrl, IssueType.Value, "fullUrl",
                    $"The fullUrl says that the entry is {end}, but it holds {resource.Type.Name}/{id.TextOrNull() ?? "(no id)"}; make them agree.");
            }
        }
    }

    private static void CheckRequest(Element entry, HashSet<string>? written, ValidationRun run)
    {
        Element request = entry.Child("request");
        Element method = request.Exists ? request.Child("method") : default;
        if (!method.HasLiteral())
        {
            return;
        }

        bool hasResource = entry.Child("resource").Exists;
        bool needsResource = method.ValueIs("POST"u8) || method.ValueIs("PUT"u8);
        if (needsResource && !hasResource)
        {
            run.Findings.Error(entry, IssueType.Required, "request", $"A {method.Value} needs a resource; the entry has none.");
        }
        else if (hasResource && (method.ValueIs("GET"u8) || method.ValueIs("HEAD"u8) || method.ValueIs("DELETE"u8)))
        {
            run.Findings.Error(entry, IssueType.Structure, "request", $"A {method.Value} carries no resource; remove it.");
        }

        Element url = request.Child("url");
        if (!url.HasLiteral() || method.ValueIs("GET"u8) || method.ValueIs("HEAD"u8) || method.ValueIs("POST"u8))
        {
            return;
        }

        if (hasResource && method.ValueIs("PUT"u8))
        {
            CheckUpdate(url, entry.Child("resource"), run);
        }

        // http.html#transaction: "If any resource identities (including resolved identities from conditional update/delete) overlap in
        // steps 1-3, then the transaction SHALL fail."
        if (written is not null && !written.Add(url.Text!))
        {
            run.Findings.Error(url, IssueType.Duplicate, "request", $"Another entry of the transaction writes {url.Value} too; merge them.");
        }
    }

    private static void CheckUpdate(Element url, Element resource, ValidationRun run)
    {
        ReadOnlySpan<byte> target = url.Value;
        int question = target.IndexOf((byte)'?');
        ReferenceLiteral parsed = ReferenceLiteral.Parse(target);
        Schema.TypeSchema? type = question > 0 ? Schema.FhirSchema.R4.Resource(target[..question]) : parsed.Type;
        if (type is not null && !ReferenceEquals(type, resource.Type))
        {
            run.Findings.Error(url, IssueType.Value, "request", $"The request writes a {type.Name}, but the entry holds a {resource.Type.Name}.");
        }
        else if (question < 0 && parsed.Type is not null && resource.Child("id") is { Exists: true } id
            && !id.ValueIs(target[(target.LastIndexOf((byte)'/') + 1)..]))
        {
            run.Findings.Error(url, IssueType.Value, "request", $"The request writes {target}, but the resource has the id '{id.Value}'; make them agree.");
        }
    }

    private static void CheckSearchResult(Element entry, ValidationRun run)
    {
        Element resource = entry.Child("resource");
        if (!resource.Exists)
        {
            return;
        }

        bool isOutcome = resource.Type.Name == "OperationOutcome";
        if (!isOutcome && !resource.Child("id").Exists)
        {
            run.Findings.Error(resource, IssueType.Required, "id", $"What a search found has an id; this {resource.Type.Name} has none.");
        }

        Element search = entry.Child("search");
        if (search.Exists && search.Child("mode") is { Exists: true } mode && mode.ValueIs("outcome"u8) && !isOutcome)
        {
            run.Findings.Error(
                resource, IssueType.Structure, "search", $"An entry of mode outcome holds an OperationOutcome, not a {resource.Type.Name}.");
        }
    }

    // documents.html: a document holds whatever its Composition refers to.
    private static void CheckDocument(Element bundle, ValidationRun run)
    {
        Element first = bundle.Child("entry");
        Element composition = first.Exists ? first.Child("resource") : default;
        if (composition.Exists && composition.Type.Name == "Composition")
        {
            CheckResolves(composition, run.References.BundleOf(bundle), run);
        }
    }

    private static void CheckResolves(Element element, BundleIndex index, ValidationRun run)
    {
        for (Element child = element.FirstChild; child.Exists; child = child.NextSibling)
        {
            if (child.Type.Name == "Reference" && CompositionReferences.Contains(System.Text.Encoding.UTF8.GetBytes(child.Name)))
            {
                CheckResolves(child.Child("reference"), child, index, run);
            }
            else if (!child.Type.IsPrimitive && !child.Type.IsResource)
            {
                CheckResolves(child, index, run);
            }
        }
    }

    private static void CheckResolves(Element literal, Element reference, BundleIndex index, ValidationRun run)
    {
        if (!literal.HasLiteral())
        {
            return;
        }

        ReferenceLiteral parsed = ReferenceLiteral.Parse(literal.Value);
        if (parsed.Kind == ReferenceKind.Fragment)
        {
            return;
        }

        List<Element>? entries = index.FindEntries(literal, parsed);
        if (entries is null)
        {
            string hint = index.HasTypeAndId(literal.Text!)
                ? " An entry has this type and id, but its fullUrl does not match the reference."
                : "";
            run.Findings.Error(
                reference, IssueType.NotFound, "document", $"'{literal.Value}' is not in the document; add the resource as an entry.{hint}");
        }
        else if (entries.Count > 1)
        {
            run.Findings.Error(
                reference, IssueType.MultipleMatches, "document", $"'{literal.Value}' fits {entries.Count} entries; say which version is meant.");
        }
    }
}
