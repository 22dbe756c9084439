using System.Runtime.InteropServices;
using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Labelling;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Redaction;

/// <summary>
/// Takes the parts out of a resource that a scope does not see. A part under a security label of its own exists for whoever would see the resource if it had
/// the labels of the part and no other labelled part: so whatever decides about resources (consents, scopes with queries) decides about parts.
/// </summary>
/// <remarks>Thread-safe. Costs a scan of the bytes for resources without such parts.</remarks>
internal sealed class Redactor(SearchParameterSet parameters, IndexHasher hasher, ServerOptions options)
{
    /// <summary>https://terminology.hl7.org/CodeSystem-v3-ObservationValue.html: the code for data from which something was taken.</summary>
    private static readonly SecurityLabel Redacted = SecurityLabel.Given("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "REDACTED");

    /// <summary>A label that does not say what it is.</summary>
    private static readonly SecurityLabel Unknown = SecurityLabel.Given(SecurityLabel.ConfidentialitySystem, "V");

    /// <summary>Whether a resource may have parts of its own to withhold; most have none.</summary>
    public static bool MayConcern(StoredVersion version) => version.Json.Span.IndexOf("\"PROCESSINLINELABEL\""u8) >= 0;

    /// <summary>The version as it is for the scope: itself when nothing of it is withheld.</summary>
    /// <param name="paths">Paths of what is withheld in a later version, and so in this one.</param>
    public StoredVersion Redact(AccessScope scope, StoredVersion version, IReadOnlySet<string>? paths = null)
    {
        if (version.Json.IsEmpty || (paths is null or { Count: 0 } && !MayConcern(version)))
        {
            return version;
        }

        Element resource = FhirJson.Read(version.Json).Root;
        HashSet<int> withheld = WithheldOf(scope, version, resource);
        if (paths is { Count: > 0 })
        {
            withheld.UnionWith(ElementsOf(resource).Where(element => paths.Contains(PathOf(element))).Select(element => element.Index));
        }

        if (withheld.Count == 0)
        {
            return version;
        }

        Element rest = PartialResource.Without(resource, element => withheld.Contains(element.Index) || element.Type.Name == "Narrative");
        return version with { Json = SecurityLabel.Give(rest, [.. SecurityLabel.Of(rest), Redacted]).Tree.Json };
    }

    /// <summary>Where parts stand that the scope does not see, without places in lists: <c>Patient.identifier</c>.</summary>
    public HashSet<string> WithheldPaths(AccessScope scope, StoredVersion version)
    {
        if (version.Json.IsEmpty || !MayConcern(version))
        {
            return [];
        }

        Element resource = FhirJson.Read(version.Json).Root;
        return [.. WithheldOf(scope, version, resource).Select(index => PathOf(resource.Tree.ElementAt(index)))];
    }

    private static IEnumerable<Element> ElementsOf(Element resource) => Enumerable.Range(1, resource.Tree.Count - 1).Select(resource.Tree.ElementAt);

    private static string PathOf(Element element)
    {
        var path = new StringBuilder(element.Name);
        for (Element above = element.Parent; above.Exists; above = above.Parent)
        {
            path.Insert(0, '.').Insert(0, above.Name);
        }

        return path.ToString();
    }

    /// <summary>Indexes of the parts that the scope does not see; of nested ones the outermost.</summary>
    private HashSet<int> WithheldOf(AccessScope scope, StoredVersion version, Element resource)
    {
        var withheld = new HashSet<int>();
        if (!InlineLabels.AreIn(resource))
        {
            return withheld;
        }

        foreach (Element part in ElementsOf(resource))
        {
            if (InlineLabels.Cover(part) && !IsWithin(part.Parent, withheld) && !Sees(scope, version, resource, part))
            {
                withheld.Add(part.Index);
            }
        }

        return withheld;
    }

    private static bool IsWithin(Element element, HashSet<int> withheld)
    {
        for (; element.Exists; element = element.Parent)
        {
            if (withheld.Contains(element.Index))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the scope sees the resource with this part alone of those that have labels, and with its labels on the whole.</summary>
    private bool Sees(AccessScope scope, StoredVersion version, Element resource, Element part)
    {
        var around = new HashSet<int>();
        var labels = new List<SecurityLabel>();
        for (Element element = part; element.Exists; element = element.Parent)
        {
            around.Add(element.Index);
            AddLabels(element, labels);
        }

        Element alone = PartialResource.Without(
            resource, element => element.Type.Name == "Narrative" || InlineLabels.Is(element) || (InlineLabels.Cover(element) && !around.Contains(element.Index)));
        Element labelled = SecurityLabel.Give(alone, [.. SecurityLabel.Of(alone), .. labels]);
        var values = new IndexValues();
        var keys = new List<IndexKey>();
        new SearchExtractor(parameters, options.BaseUrl).Extract(labelled, values);
        new IndexKeyWriter(hasher).Write(values, keys);
        if (PatientsWithin.Decides(resource.Type))
        {
            // Values do not tell whose a Bundle is.
            keys.AddRange(version.Patients.Select(patient => new IndexKey(parameters.IdOf(ResourceFact.Patient), IndexKeyKind.Fact, patient, 0, 0)));
            keys.Sort();
        }

        return scope.Sees(new ResourceFacts(version.Key.Type, hasher.Reference(version.Key), CollectionsMarshal.AsSpan(keys), [.. version.Patients]));
    }

    private static void AddLabels(Element element, List<SecurityLabel> labels)
    {
        foreach (Element child in element.Children)
        {
            if (child.Schema is { Name: "extension" } && InlineLabels.Withholds(child))
            {
                labels.Add(child.Child("value") is { Exists: true, Type.Name: "Coding" } label ? SecurityLabel.Read(label) : Unknown);
            }
        }
    }
}
