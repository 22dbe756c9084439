using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Operations;

/// <summary>What GraphQL clients ask of the schema before they ask for data: https://spec.graphql.org/October2021/#sec-Introspection</summary>
public sealed class IntrospectionTests(FhirServerFixture server) : OperationTest(server)
{
    /// <summary>What tools send when they start.</summary>
    private const string Whole = """
        query IntrospectionQuery { __schema { queryType { name } mutationType { name } subscriptionType { name } types { ...FullType }
          directives { name description locations args { ...InputValue } } } }
        fragment FullType on __Type { kind name description fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
          inputFields { ...InputValue } interfaces { ...TypeRef } enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
        fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
        fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }
        """;

    private async Task<JsonNode> DataAsync(string query, string path = "$graphql")
    {
        JsonNode answer = await OkAsync(PostAsync(path, query, ("Content-Type", "application/graphql")));
        Assert.Null(answer["errors"]);
        return answer["data"]!;
    }

    [Fact]
    public async Task The_whole_schema_is_told_and_every_type_that_it_names_is_in_it()
    {
        JsonNode schema = (await DataAsync(Whole))["__schema"]!;
        JsonNode[] types = [.. ((JsonArray)schema["types"]!).Select(type => type!)];
        HashSet<string> names = [.. types.Select(type => (string)type["name"]!)];

        Assert.Equal(types.Length, names.Count);
        Assert.Equal("Query", (string?)schema["queryType"]!["name"]);
        Assert.All(["Patient", "PatientContact", "PatientConnection", "PatientEdge", "HumanName", "Resource", "String", "Int", "Boolean", "dateTime", "__Type"], name => Assert.Contains(name, names));
        var named = new HashSet<string>();
        foreach (JsonNode field in types.SelectMany(type => (JsonArray?)type["fields"] ?? []).Select(field => field!))
        {
            Assert.Matches("^[_A-Za-z][_0-9A-Za-z]*$", (string)field["name"]!);
            named.Add(NameIn(field["type"]!));
            named.UnionWith(((JsonArray)field["args"]!).Select(argument => NameIn(argument!["type"]!)));
        }

        Assert.Empty(named.Except(names));
        Assert.All(types.Where(type => (string?)type["kind"] == "OBJECT"), type => Assert.NotEmpty((JsonArray)type["fields"]!));
        Assert.Equal(["first", "flatten", "include", "singleton", "skip", "slice"], ((JsonArray)schema["directives"]!).Select(directive => (string)directive!["name"]!).Order());
    }

    private static string NameIn(JsonNode type) => (string?)type["name"] ?? NameIn(type["ofType"]!);

    [Fact]
    public async Task No_type_has_two_fields_or_a_field_two_arguments_of_one_name()
    {
        JsonNode schema = (await DataAsync("{ __schema { types { name fields { name args { name } } } } }"))["__schema"]!;

        foreach (JsonNode type in ((JsonArray)schema["types"]!).Select(type => type!))
        {
            JsonNode[] fields = [.. ((JsonArray?)type["fields"] ?? []).Select(field => field!)];
            Assert.Equal(fields.Length, fields.DistinctBy(field => (string)field["name"]!).Count());
            Assert.All(fields, field => Assert.Equal(((JsonArray)field["args"]!).Count, ((JsonArray)field["args"]!).DistinctBy(argument => (string)argument!["name"]!).Count()));
        }
    }

    [Fact]
    public async Task A_type_is_told_by_its_name()
    {
        JsonNode type = (await DataAsync("""{ p: __type(name: "Patient") { __typename kind name description interfaces { name } fields { name type { kind name ofType { name } } args { name } } } }"""))["p"]!;
        Dictionary<string, JsonNode> fields = ((JsonArray)type["fields"]!).ToDictionary(field => (string)field!["name"]!, field => field!);

        Assert.Equal(["__Type", "OBJECT", "Patient"], new[] { "__typename", "kind", "name" }.Select(name => (string?)type[name]));
        Assert.False(string.IsNullOrEmpty((string?)type["description"]));
        Assert.Equal("Resource", (string?)type["interfaces"]![0]!["name"]);
        Assert.Equal(("LIST", "HumanName"), ((string?)fields["name"]["type"]!["kind"], (string?)fields["name"]["type"]!["ofType"]!["name"]));
        Assert.Equal("date", (string?)fields["birthDate"]["type"]!["name"]);
        Assert.Equal("Element", (string?)fields["_birthDate"]["type"]!["name"]);
        Assert.Equal("Int", (string?)fields["multipleBirthInteger"]["type"]!["name"]);
        Assert.Contains("use", ((JsonArray)fields["name"]["args"]!).Select(argument => (string)argument!["name"]!));
        Assert.Contains("_reference", ((JsonArray)fields["ObservationList"]["args"]!).Select(argument => (string)argument!["name"]!));
    }

    [Theory]
    [InlineData("Patient", "Patient")]
    [InlineData("PatientList", "birthdate")]
    [InlineData("ConditionConnection", "clinical_status")]
    public async Task The_queries_are_those_of_resource_types_with_their_search_parameters(string field, string expected)
    {
        JsonNode query = (await DataAsync("""{ __type(name: "Query") { fields { name type { name } args { name } } } }"""))["__type"]!;
        JsonNode found = ((JsonArray)query["fields"]!).Single(candidate => (string?)candidate!["name"] == field)!;

        Assert.Contains(expected, ((JsonArray)found["args"]!).Select(argument => (string?)argument!["name"]).Append((string?)found["type"]!["name"]));
    }

    [Fact]
    public async Task A_type_that_is_not_there_is_null() => Assert.Null((await DataAsync("""{ __type(name: "Horse") { name } }"""))["__type"]);

    [Fact]
    public async Task On_a_resource_the_root_is_its_type()
    {
        string id = await CreateAsync(Samples.Patient(more: "\"communication\":[{\"language\":{\"text\":\"Dutch\"}}]"));

        JsonNode data = await DataAsync("{ __typename __schema { queryType { name } } communication { __typename } }", $"Patient/{id}/$graphql");

        Assert.Equal(("Patient", "Patient", "PatientCommunication"), ((string?)data["__typename"], (string?)data["__schema"]!["queryType"]!["name"], (string?)data["communication"]![0]!["__typename"]));
    }

    [Theory]
    [InlineData("{ __schema }")]
    [InlineData("{ __schema { nothing } }")]
    [InlineData("{ __schema(x: 1) { queryType { name } } }")]
    [InlineData("{ __type { name } }")]
    [InlineData("{ __schema { queryType } }")]
    public async Task A_wrong_question_is_refused(string query) =>
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("$graphql", query, ("Content-Type", "application/graphql"))).Status);

    [Fact]
    public async Task A_question_that_never_ends_is_refused()
    {
        string types = string.Join(' ', Enumerable.Range(0, 60).Select(number => $"a{number}: types {{ fields {{ args {{ name type {{ name }} }} type {{ name fields {{ name }} }} }} }}"));

        Answer answer = await PostAsync("$graphql", $"{{ __schema {{ {types} }} }}", ("Content-Type", "application/graphql"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains("ask for less", answer.Body, StringComparison.Ordinal);
    }
}
