using System.Text.Json.Nodes;

namespace HealthChain.Http.Tests;

/// <summary>Small resources that are valid R4.</summary>
internal static class Samples
{
    public const string IdentifierSystem = "http://ids.example.com/mrn";

    public static string Patient(string? id = null, string? identifier = null, string family = "Muster", string? more = null) =>
        "{\"resourceType\":\"Patient\""
        + (id is null ? "" : $",\"id\":\"{id}\"")
        + (identifier is null ? "" : $",\"identifier\":[{{\"system\":\"{IdentifierSystem}\",\"value\":\"{identifier}\"}}]")
        + $",\"name\":[{{\"family\":\"{family}\"}}]{(more is null ? "" : "," + more)}}}";

    public static string Observation(string subject, string? id = null, string? more = null) =>
        "{\"resourceType\":\"Observation\""
        + (id is null ? "" : $",\"id\":\"{id}\"")
        + $",\"status\":\"final\",\"code\":{{\"text\":\"Weight\"}},\"subject\":{{\"reference\":\"{subject}\"}}{(more is null ? "" : "," + more)}}}";

    public static string Bundle(string type, params string[] entries) =>
        $"{{\"resourceType\":\"Bundle\",\"type\":\"{type}\"{(entries.Length == 0 ? "" : $",\"entry\":[{string.Join(',', entries)}]")}}}";

    public static string Transaction(params string[] entries) => Bundle("transaction", entries);

    public static string Batch(params string[] entries) => Bundle("batch", entries);

    /// <summary>An entry; <paramref name="conditions"/> are further members of the request, such as <c>"ifMatch":"W/\"1\""</c>.</summary>
    public static string Entry(string method, string url, string? resource = null, string? fullUrl = null, string? conditions = null) =>
        "{"
        + (fullUrl is null ? "" : $"\"fullUrl\":\"{fullUrl}\",")
        + (resource is null ? "" : $"\"resource\":{resource},")
        + $"\"request\":{{\"method\":\"{method}\",\"url\":\"{url}\"{(conditions is null ? "" : "," + conditions)}}}}}";

    /// <summary>The response parts of a response bundle's entries.</summary>
    public static JsonNode[] Responses(this Answer answer) => [.. ((JsonArray?)answer.Json["entry"] ?? []).Select(entry => entry!["response"]!)];

    /// <summary>Status codes of a response bundle's entries, without their descriptions.</summary>
    public static string[] EntryStatuses(this Answer answer) => [.. answer.Responses().Select(response => ((string)response["status"]!)[..3])];

    /// <summary><c>Type/id</c> out of a location, absolute or relative, with a version.</summary>
    public static string KeyOf(string location)
    {
        string[] parts = location.Split('/');
        return $"{parts[^4]}/{parts[^3]}";
    }

    /// <summary>What the nth entry's response says was written.</summary>
    public static string KeyOfEntry(this Answer answer, int entry) => KeyOf((string)answer.Responses()[entry]["location"]!);
}
