using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Fhir.Schema;

namespace HealthChain.ValidatorSuite;

/// <summary>One occurrence of an element in a JSON resource.</summary>
/// <param name="Owner">The object it is a member of.</param>
/// <param name="Name">The member's name: <c>valueQuantity</c>.</param>
/// <param name="Index">Its place in the array, or -1 when the member is no array.</param>
/// <param name="OwnerExpression">FHIRPath of the owner.</param>
internal sealed record Place(JsonObject Owner, TypeSchema OwnerType, string Name, int Index, ElementSchema Element, TypeSchema Type, string OwnerExpression)
{
    public string Expression => Element.IsList ? $"{OwnerExpression}.{Element.Name}[{Index}]" : $"{OwnerExpression}.{Element.Name}";

    public JsonNode? Value => Index < 0 ? Owner[Name] : Owner[Name]![Index];

    public void Set(JsonNode? value)
    {
        if (Index < 0)
        {
            Owner[Name] = value;
        }
        else
        {
            Owner[Name]!.AsArray()[Index] = value;
        }
    }
}

/// <summary>Walks a JSON resource along the schema, independently of the reader under test.</summary>
internal static class JsonWalk
{
    public static List<Place> Places(JsonObject resource)
    {
        var places = new List<Place>();
        TypeSchema type = FhirSchema.R4.Type((string)resource["resourceType"]!)!;
        Add(resource, type, type.Name, places);
        return places;
    }

    private static void Add(JsonObject owner, TypeSchema type, string expression, List<Place> places)
    {
        foreach ((string name, JsonNode? value) in owner)
        {
            if (!type.TryGetMember(Encoding.UTF8.GetBytes(name), out Member member))
            {
                continue;
            }

            if (value is JsonArray array)
            {
                for (int i = 0; i < array.Count; i++)
                {
                    Add(new Place(owner, type, name, i, member.Element, member.Type, expression), array[i], places);
                }
            }
            else
            {
                Add(new Place(owner, type, name, -1, member.Element, member.Type, expression), value, places);
            }
        }
    }

    private static void Add(Place place, JsonNode? value, List<Place> places)
    {
        if (value is null)
        {
            return;
        }

        places.Add(place);
        if (value is JsonObject child)
        {
            TypeSchema type = (string?)child["resourceType"] is { } name && place.Type.IsResource ? FhirSchema.R4.Type(name)! : place.Type;
            Add(child, type, place.Expression, places);
        }
    }
}
