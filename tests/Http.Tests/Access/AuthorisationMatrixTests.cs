using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Access;

/// <summary>
/// Every resource type, every interaction, every role, with the ids of others: nobody gets content, existence or number of what is not theirs. What is
/// withheld must be answered exactly as what never was.
/// </summary>
public sealed class AuthorisationMatrixTests(MatrixServer server) : IClassFixture<MatrixServer>
{
    private const int AtOnce = 8;

    private const string Labels = """{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"system":"urn:test","code":"x"}]}}]}""";

    [Fact]
    public Task Reading_gives_what_is_theirs_and_nothing_else() => ForAllAsync(async (requester, type, faults) =>
    {
        string unknown = $"{type}/{MatrixServer.IdOf(type, "nobody")}";
        foreach (string owner in new[] { "a", "b" })
        {
            string own = $"{type}/{MatrixServer.IdOf(type, owner)}";
            foreach (string form in new[] { "{0}", "{0}/_history/1", "{0}/_history", "{0}/$meta" })
            {
                MatrixAnswer answer = await GetAsync(requester, string.Format(null, form, own));
                Check(faults, $"GET {string.Format(null, form, own)}", requester, type, owner, answer, await GetAsync(requester, string.Format(null, form, unknown)), unknown, own);
            }
        }
    });

    /// <summary>Conditions are asked of what exists for who asks: neither 304 nor 412 tells that something is there, or in which version.</summary>
    [Fact]
    public Task Conditions_and_operations_tell_nothing_of_what_is_withheld() => ForAllAsync(async (requester, type, faults) =>
    {
        (HttpMethod Method, string Form, string? Body, (string, string)[] Headers)[] attempts =
        [
            (HttpMethod.Get, "{0}", null, [("If-None-Match", "W/\"1\"")]),
            (HttpMethod.Get, "{0}", null, [("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")]),
            (HttpMethod.Head, "{0}", null, []),
            (HttpMethod.Get, "{0}/_history/2", null, []),
            (HttpMethod.Put, "{0}", MatrixServer.InstanceOf(type, "b", "$id"), [("If-Match", "W/\"1\"")]),
            (HttpMethod.Put, "{0}", MatrixServer.InstanceOf(type, "b", "$id"), [("If-Match", "W/\"7\"")]),
            (HttpMethod.Delete, "{0}", null, [("If-Match", "W/\"7\"")]),
            .. new[] { "$receipt", "_history/1/$receipt", "$diff", "$everything", "$document", "$validate", "_history/1/$meta" }.Select(operation => (HttpMethod.Get, "{0}/" + operation, (string?)null, Array.Empty<(string, string)>())),
            .. new[] { "$meta-add", "$meta-delete", "$validate" }.Select(operation => (HttpMethod.Post, "{0}/" + operation, (string?)Labels, Array.Empty<(string, string)>())),
        ];
        foreach (string owner in new[] { "a", "b" }.Where(owner => !requester.Sees(type, owner)))
        {
            string there = $"{type}/{MatrixServer.IdOf(type, owner)}";
            string nowhere = $"{type}/{MatrixServer.IdOf(type, "nobody")}";
            foreach ((HttpMethod method, string form, string? body, (string, string)[] headers) in attempts)
            {
                Task<MatrixAnswer> Ask(string target) => server.SendAsync(requester.Name, method, string.Format(null, form, target), body?.Replace("$id", target.Split('/')[1], StringComparison.Ordinal), null, headers);
                MatrixAnswer answer = await Ask(there);
                MatrixAnswer blank = await Ask(nowhere);
                string what = $"{requester} {method} {string.Format(null, form, there)} {string.Join(' ', headers)}: {answer.Status}";

                // What is to be validated comes with the request.
                Expect(faults, answer.Status is >= 400 and < 500 || (method == HttpMethod.Post && form.EndsWith("$validate", StringComparison.Ordinal)), what);
                Expect(faults, Same(answer, blank, there, nowhere), $"{what}, but {blank.Status} for what is not there: {answer.Body}");
                CheckSecrets(faults, what, requester, type, answer);
            }
        }
    });

    [Fact]
    public Task Entries_that_write_are_judged_one_by_one() => ForRequestersAsync(async (requester, faults) =>
    {
        string[] types = [.. MatrixServer.Types.Where(type => !requester.Sees(type, "b"))];
        (string Method, string Type, Func<string, string> UrlOf, Func<string, string?> BodyOf)[] entries = [.. types.SelectMany(type => new (string, string, Func<string, string>, Func<string, string?>)[]
        {
            ("PUT", type, id => $"{type}/{id}", id => MatrixServer.InstanceOf(type, "b", id)),
            ("DELETE", type, id => $"{type}/{id}", _ => null),
            ("PUT", type, id => $"{type}?_id={id}", id => MatrixServer.InstanceOf(type, "b", id)),
            ("DELETE", type, id => $"{type}?_id={id}", _ => null),
        })];
        async Task<JsonArray> Send(string owner)
        {
            MatrixAnswer batch = await server.SendAsync(
                requester.Name, HttpMethod.Post, "", BundleOf("batch", entries.Select(entry => (entry.Method, entry.UrlOf(MatrixServer.IdOf(entry.Type, owner)), entry.BodyOf(MatrixServer.IdOf(entry.Type, owner))))));
            return JsonNode.Parse(batch.Body)!["entry"]!.AsArray();
        }

        JsonArray there = await Send("b");
        JsonArray nowhere = await Send("nobody");
        for (int i = 0; i < entries.Length; i++)
        {
            string type = entries[i].Type;
            string answer = there[i]!.ToJsonString();
            string url = entries[i].UrlOf(MatrixServer.IdOf(type, "b"));
            Expect(
                faults,
                answer.Replace(MatrixServer.IdOf(type, "b"), "", StringComparison.Ordinal) == nowhere[i]!.ToJsonString().Replace(MatrixServer.IdOf(type, "nobody"), "", StringComparison.Ordinal),
                $"{requester} batch {entries[i].Method} {url}: {answer}, but for what is not there {nowhere[i]!.ToJsonString()}");
            CheckSecrets(faults, $"batch {entries[i].Method} {url}", requester, type, new MatrixAnswer(200, answer, ""));
        }
    });

    [Fact]
    public Task Searching_finds_what_is_theirs_and_counts_nothing_else() => ForAllAsync(async (requester, type, faults) =>
    {
        string[] visible = [.. new[] { "a", "b" }.Where(owner => requester.Sees(type, owner)).Select(owner => MatrixServer.IdOf(type, owner))];
        string ids = $"_id={MatrixServer.IdOf(type, "a")},{MatrixServer.IdOf(type, "b")}";
        MatrixAnswer[] answers =
        [
            await GetAsync(requester, $"{type}?{ids}&_total=accurate"),
            await server.SendAsync(requester.Name, HttpMethod.Post, $"{type}/_search", $"{ids}&_total=accurate", "application/x-www-form-urlencoded"),
        ];
        foreach (MatrixAnswer answer in answers)
        {
            CheckPage(faults, $"search {type}", requester, type, answer, visible);
        }

        MatrixAnswer history = await GetAsync(requester, $"{type}/_history?_count=200");
        CheckPage(faults, $"history {type}", requester, type, history, visible, "total");
        MatrixAnswer labels = await GetAsync(requester, $"{type}/$meta");
        CheckSecrets(faults, $"{type}/$meta", requester, type, labels);
    });

    [Fact]
    public Task Joins_lead_to_nothing_that_is_withheld() => ForAllAsync(async (requester, type, faults) =>
    {
        if (!MatrixTypes.Record.ContainsKey(type))
        {
            return;
        }

        string ids = $"_id={MatrixServer.IdOf(type, "a")},{MatrixServer.IdOf(type, "b")}";
        foreach (string url in new[] { $"{type}?{ids}&_include={type}:*", $"Patient?_id=patient-a,patient-b&_revinclude={type}:*", $"Patient/patient-b/{type}", $"Patient/patient-b/$everything?_type={type}" })
        {
            MatrixAnswer answer = await GetAsync(requester, url);
            CheckSecrets(faults, url, requester, type, answer);
        }

        // Who may not see a patient learns nothing of her by asking for what is hers.
        if (type is not ("Patient" or "AuditEvent") && MatrixTypes.Record[type].Contains("subject\":{", StringComparison.Ordinal) && requester.SeesAnyOf(type) && requester.SeesAnyOf("Patient"))
        {
            foreach (string owner in new[] { "a", "b" })
            {
                foreach (string url in new[] { $"{type}?subject:Patient._id=patient-{owner}", $"Patient?_has:{type}:subject:_id={MatrixServer.IdOf(type, owner)}" })
                {
                    MatrixAnswer answer = await GetAsync(requester, url);
                    bool isSeen = requester.Sees(type, owner) && requester.Sees("Patient", owner);
                    int found = answer.Status == 200 ? JsonNode.Parse(answer.Body)!["total"]!.GetValue<int>() : -1;
                    Expect(faults, answer.Status is not 200 || found == (isSeen ? 1 : 0), $"{requester} GET {url}: {answer.Status}, {found} found");
                }
            }
        }
    });

    [Fact]
    public Task Bundles_and_graphs_open_no_other_way() => ForRequestersAsync(async (requester, faults) =>
    {
        string[] urls = [.. MatrixServer.Types.SelectMany(type => new[] { $"{type}/{MatrixServer.IdOf(type, "a")}", $"{type}/{MatrixServer.IdOf(type, "b")}", $"{type}?_id={MatrixServer.IdOf(type, "b")}" })];
        MatrixAnswer batch = await server.SendAsync(requester.Name, HttpMethod.Post, "", BundleOf("batch", urls.Select(url => ("GET", url, (string?)null))));
        JsonArray entries = JsonNode.Parse(batch.Body)!["entry"]!.AsArray();
        Expect(faults, entries.Count == urls.Length, $"{requester}: {entries.Count} answers");
        for (int i = 0; i < entries.Count; i++)
        {
            string type = urls[i].Split('/', '?')[0];
            string status = entries[i]!["response"]!["status"]!.GetValue<string>()[..3];
            string expected = urls[i].Contains('?', StringComparison.Ordinal) ? requester.SeesAnyOf(type) ? "200" : "403"
                : requester.Sees(type, urls[i][^1..]) ? "200"
                : requester.SeesAnyOf(type) ? "404" : "403";
            Expect(faults, status == expected, $"{requester} batch GET {urls[i]}: {status} instead of {expected}");
            CheckSecrets(faults, $"batch {urls[i]}", requester, type, new MatrixAnswer(200, entries[i]!.ToJsonString(), ""));
        }

        foreach (string type in MatrixServer.Types)
        {
            MatrixAnswer graph = await server.SendAsync(
                requester.Name, HttpMethod.Post, "$graphql", $$"""{"query":"{ one: {{type}}(id: \"{{MatrixServer.IdOf(type, "b")}}\") { id meta { source } } many: {{type}}List(_count: 50) { id meta { source } } }"}""", "application/json");
            CheckSecrets(faults, $"$graphql {type}", requester, type, graph);
            bool isSeen = requester.Sees(type, "b") && requester.Name is not "app-of-a";
            Expect(faults, !isSeen || graph.Body.Contains(MatrixServer.SecretOf("b"), StringComparison.Ordinal), $"{requester} $graphql {type} shows nothing: {graph.Body}");
        }

        foreach (string url in new[] { "_history?_count=500", "?_type=Observation,Claim,Patient,AuditEvent&_count=500", "$meta", "Patient/patient-b/$everything", "Patient/$everything", "Encounter/encounter-b/$everything" })
        {
            MatrixAnswer answer = await GetAsync(requester, url);
            Expect(faults, !answer.Body.Contains(MatrixServer.SecretOf("b"), StringComparison.Ordinal) || requester.Sees("Patient", "b") || OnlyShows(answer, requester), $"{requester} GET {url} shows what is withheld");
        }
    });

    [Fact]
    public Task Graphs_follow_no_reference_to_or_from_what_is_withheld() => ForAllAsync(async (requester, type, faults) =>
    {
        string? element = MatrixTypes.Record.GetValueOrDefault(type) is { } content ? new[] { "subject", "patient" }.FirstOrDefault(name => content.Contains($"\"{name}\":{{", StringComparison.Ordinal)) : null;
        if (element is null)
        {
            return;
        }

        foreach (string owner in new[] { "a", "b" })
        {
            MatrixAnswer forward = await AskAsync($"{{ it: {type}(id: \"{MatrixServer.IdOf(type, owner)}\") {{ {element} {{ resource {{ ... on Patient {{ id meta {{ source }} }} }} }} }} }}");
            bool isPatientSeen = requester.Sees(type, owner) && requester.Sees("Patient", owner);
            Expect(faults, Shows(forward, owner) == (isPatientSeen && MayGraph(requester)), $"{requester} from {type} of {owner} to the patient: {forward.Body}");

            MatrixAnswer back = await AskAsync($"{{ it: Patient(id: \"patient-{owner}\") {{ theirs: {type}List(_reference: {element}) {{ id meta {{ source }} }} }} }}");
            Expect(faults, Shows(back, owner) == (isPatientSeen && MayGraph(requester)), $"{requester} from the patient {owner} to {type}: {back.Body}");
        }

        Task<MatrixAnswer> AskAsync(string query) => server.SendAsync(requester.Name, HttpMethod.Post, "$graphql", new JsonObject { ["query"] = query }.ToJsonString(), "application/json");
        static bool Shows(MatrixAnswer answer, string owner) => answer.Body.Contains(MatrixServer.SecretOf(owner), StringComparison.Ordinal);

        // Its scopes give nothing but Observations.
        static bool MayGraph(MatrixRequester requester) => requester.Name is not ("app-of-a" or "laboratory-app-of-a");
    });

    [Fact]
    public async Task Writing_changes_nothing_that_is_not_theirs()
    {
        await ForAllAsync(async (requester, type, faults) =>
        {
            if (requester.Sees(type, "b") && requester.Writes(type))
            {
                return;
            }

            string there = $"{type}/{MatrixServer.IdOf(type, "b")}";
            string nowhere = $"{type}/{MatrixServer.IdOf(type, "nobody")}";
            foreach ((HttpMethod method, Func<string, string?> body, string? mediaType) in Attempts(type))
            {
                MatrixAnswer answer = await server.SendAsync(requester.Name, method, there, body(there.Split('/')[1]), mediaType);
                MatrixAnswer blank = await server.SendAsync(requester.Name, method, nowhere, body(nowhere.Split('/')[1]), mediaType);
                string what = $"{requester} {method} {there}: {answer.Status}";
                CheckSecrets(faults, what, requester, type, answer);
                Expect(faults, !requester.WritesAnyOf(type) ? answer.Status == 403 : requester.Sees(type, "b") || Same(answer, blank, there, nowhere), $"{what}, but {blank.Status} for what is not there: {answer.Body}");
            }

            string id = MatrixServer.IdOf(type, "b");
            MatrixAnswer[] conditional =
            [
                await server.SendAsync(requester.Name, HttpMethod.Put, $"{type}?_id={id}", MatrixServer.InstanceOf(type, "b")),
                await server.SendAsync(requester.Name, HttpMethod.Delete, $"{type}?_id={id}"),
                await server.SendAsync(requester.Name, HttpMethod.Post, type, MatrixServer.InstanceOf(type, "b"), null, ("If-None-Exist", $"_id={id}")),
                await server.SendAsync(requester.Name, HttpMethod.Post, type, MatrixServer.InstanceOf(type, "b")),
                await server.SendAsync(requester.Name, HttpMethod.Post, "", BundleOf("transaction", [("DELETE", there, null)])),
                await server.SendAsync(requester.Name, HttpMethod.Post, "", BundleOf("transaction", [("POST", type, MatrixServer.InstanceOf(type, "b"))])),
                await server.SendAsync(requester.Name, HttpMethod.Post, "", BundleOf("transaction", [("PUT", there, MatrixServer.InstanceOf(type, "b"))])),
            ];
            foreach (MatrixAnswer answer in conditional)
            {
                CheckSecrets(faults, "a conditional write", requester, type, answer);
            }

            Expect(faults, requester.WritesAnyOf(type) || conditional.All(answer => answer.Status == 403), $"{requester} writes {type}: {string.Join(' ', conditional.Select(answer => answer.Status))}");
        });
        await ForTypesAsync(async (type, faults) =>
        {
            MatrixAnswer history = await server.SendAsync("operator", HttpMethod.Get, $"{type}/{MatrixServer.IdOf(type, "b")}/_history");
            Expect(faults, JsonNode.Parse(history.Body)!["total"]!.GetValue<int>() == 1, $"{type} of b was changed");
            MatrixAnswer all = await server.SendAsync("operator", HttpMethod.Get, $"{type}/_history?_count=1");
            Expect(faults, type == "AuditEvent" || !IsMadeOf(all, type), $"somebody made a {type}: {all.Body}");
        });
    }

    [Fact]
    public Task Writing_changes_what_is_theirs_but_moves_nothing_out() => ForAllAsync(async (requester, type, faults) =>
    {
        if (!requester.Sees(type, "a") || type is "Binary" or "AuditEvent" or "VerificationResult" or "Organization")
        {
            return;
        }

        string url = $"{type}/{MatrixServer.IdOf(type, "a")}";
        if (requester.Name is "patient-a" or "relative-of-a" && requester.Writes(type) && type != "Patient")
        {
            MatrixAnswer moved = await server.SendAsync(requester.Name, HttpMethod.Put, url, MatrixServer.InstanceOf(type, "b", MatrixServer.IdOf(type, "a")));
            Expect(faults, moved.Status == 403, $"{requester} moves {url}: {moved.Status}");
        }

        MatrixAnswer same = await server.SendAsync(requester.Name, HttpMethod.Put, url, MatrixServer.InstanceOf(type, "a"));
        int expected = requester.Writes(type) && (requester.Name != "insurer-a" || MatrixTypes.OfInsurers.ContainsKey(type)) ? 200 : 403;
        Expect(faults, same.Status == expected, $"{requester} PUT {url}: {same.Status} instead of {expected}: {same.Body}");
    });

    /// <summary>What is in two records is not one patient's to write, though it names her.</summary>
    [Fact]
    public async Task No_patient_writes_into_the_record_of_another_beside_her_own()
    {
        const string Participants = """ "status":"booked","participant":[{"actor":{"reference":"Patient/patient-a"},"status":"accepted"},{"actor":{"reference":"Patient/patient-b"},"status":"accepted"}] """;
        const string Members = """ "type":"person","actual":true,"member":[{"entity":{"reference":"Patient/patient-b"}},{"entity":{"reference":"Patient/patient-a"}}] """;
        foreach ((string type, string content) in new[] { ("Appointment", Participants), ("Group", Members) })
        {
            foreach (string requester in new[] { "patient-a", "relative-of-a" })
            {
                string id = MatrixServer.IdOf(type, "a");
                MatrixAnswer put = await server.SendAsync(requester, HttpMethod.Put, $"{type}/{id}", $$"""{"resourceType":"{{type}}","id":"{{id}}",{{content}}}""");
                MatrixAnswer post = await server.SendAsync(requester, HttpMethod.Post, type, $$"""{"resourceType":"{{type}}",{{content}}}""");
                Assert.Equal((403, 403), (put.Status, post.Status));
            }
        }
    }

    private static IEnumerable<(HttpMethod Method, Func<string, string?> Body, string? MediaType)> Attempts(string type) =>
    [
        (HttpMethod.Put, id => MatrixServer.InstanceOf(type, "b", id), null),
        (HttpMethod.Patch, _ => """[{"op":"replace","path":"/language","value":"de"}]""", "application/json-patch+json"),
        (HttpMethod.Delete, _ => null, null),
    ];

    private static string BundleOf(string type, IEnumerable<(string Method, string Url, string? Resource)> entries) =>
        $$"""{"resourceType":"Bundle","type":"{{type}}","entry":[{{string.Join(',', entries.Select(EntryOf))}}]}""";

    private static string EntryOf((string Method, string Url, string? Resource) entry)
    {
        string request = $$""" "request":{"method":"{{entry.Method}}","url":"{{entry.Url}}"} """;
        return "{" + (entry.Resource is null ? "" : $"\"resource\":{entry.Resource},") + request + "}";
    }

    private Task<MatrixAnswer> GetAsync(MatrixRequester requester, string url) => server.SendAsync(requester.Name, HttpMethod.Get, url);

    private static void Check(
        ConcurrentBag<string> faults, string what, MatrixRequester requester, string type, string owner, MatrixAnswer answer, MatrixAnswer blank, string unknown, string own)
    {
        bool isSeen = requester.Sees(type, owner);
        int expected = isSeen ? 200 : requester.SeesAnyOf(type) ? 404 : 403;
        Expect(faults, answer.Status == expected, $"{requester} {what}: {answer.Status} instead of {expected}");
        Expect(faults, isSeen || Same(answer, blank, own, unknown), $"{requester} {what}: another answer than for what is not there");
        Expect(faults, expected != 403 || answer.Challenge.Contains("insufficient_scope", StringComparison.Ordinal), $"{requester} {what}: no challenge");
        CheckSecrets(faults, what, requester, type, answer);
    }

    private static void CheckPage(
        ConcurrentBag<string> faults, string what, MatrixRequester requester, string type, MatrixAnswer answer, string[] visible, string counted = "total")
    {
        int expected = requester.SeesAnyOf(type) ? 200 : 403;
        Expect(faults, answer.Status == expected, $"{requester} {what}: {answer.Status} instead of {expected}");
        CheckSecrets(faults, what, requester, type, answer);
        if (answer.Status == 200 && what.StartsWith("search", StringComparison.Ordinal))
        {
            JsonNode page = JsonNode.Parse(answer.Body)!;
            string[] found = [.. (page["entry"]?.AsArray() ?? []).Select(entry => entry!["resource"]!["id"]!.GetValue<string>()).Order()];
            Expect(faults, found.SequenceEqual(visible.Order()), $"{requester} {what}: found {string.Join(' ', found)}");
            Expect(faults, page[counted]!.GetValue<int>() == visible.Length, $"{requester} {what}: {page[counted]} counted");
        }
    }

    /// <summary>No answer about a type shows what is withheld of it.</summary>
    private static void CheckSecrets(ConcurrentBag<string> faults, string what, MatrixRequester requester, string type, MatrixAnswer answer)
    {
        foreach (string owner in new[] { "a", "b" })
        {
            if (!requester.Sees(type, owner) && !requester.Sees("Patient", owner))
            {
                Expect(faults, !answer.Body.Contains(MatrixServer.SecretOf(owner), StringComparison.Ordinal), $"{requester} {what}: shows what is {owner}'s");
            }
        }
    }

    /// <summary>Whether all resources in a bundle exist for the requester.</summary>
    private static bool OnlyShows(MatrixAnswer answer, MatrixRequester requester) => (JsonNode.Parse(answer.Body)!["entry"]?.AsArray() ?? []).Select(entry => entry!["resource"]).OfType<JsonNode>().Where(resource => resource["id"] is not null)
        .All(resource => requester.Sees(resource["resourceType"]!.GetValue<string>(), resource["id"]!.GetValue<string>()[^1..]));

    private static bool IsMadeOf(MatrixAnswer page, string type) => JsonNode.Parse(page.Body)!["entry"]![0]!["request"] is { } request
        && request["method"]!.GetValue<string>() == "POST" && request["url"]!.GetValue<string>().StartsWith(type, StringComparison.Ordinal);

    private static bool Same(MatrixAnswer answer, MatrixAnswer blank, string own, string unknown) =>
        answer.Status == blank.Status && answer.Body.Replace(own.Split('/')[1], "", StringComparison.Ordinal) == blank.Body.Replace(unknown.Split('/')[1], "", StringComparison.Ordinal);

    private static void Expect(ConcurrentBag<string> faults, bool holds, string fault)
    {
        if (!holds)
        {
            faults.Add(fault);
        }
    }

    private static Task ForAllAsync(Func<MatrixRequester, string, ConcurrentBag<string>, Task> check) =>
        RunAsync(MatrixRequester.All.SelectMany(requester => MatrixServer.Types.Select(type => (requester, type))), (cell, faults) => check(cell.requester, cell.type, faults));

    private static Task ForRequestersAsync(Func<MatrixRequester, ConcurrentBag<string>, Task> check) => RunAsync(MatrixRequester.All, check);

    private static Task ForTypesAsync(Func<string, ConcurrentBag<string>, Task> check) => RunAsync(MatrixServer.Types, check);

    private static async Task RunAsync<T>(IEnumerable<T> cells, Func<T, ConcurrentBag<string>, Task> check)
    {
        var faults = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(cells, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = TestContext.Current.CancellationToken }, async (cell, _) => await check(cell, faults));
        Assert.True(faults.IsEmpty, $"{faults.Count} faults:\n{string.Join('\n', faults.Order().Take(60))}");
    }
}
