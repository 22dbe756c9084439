using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using HealthChain.Consent;
using HealthChain.Fhir.Search;

namespace HealthChain.FhirServer.Tests.Consents;

/// <summary>
/// What consents say of one resource, as docs/consent.md tells it and nothing is compiled: each rule is looked at as it stands. Of the resource only single
/// facts are asked; hierarchies of codes are written down here.
/// </summary>
internal sealed partial class PlainDecision(Question question, ElementFacts facts, JsonObject resource, string serverBase)
{
    private const string Permit = "permit";
    private const string Deny = "deny";
    private const string Governs = "governs";
    private const string ConfidentialityCodes = "ULMNRV";

    private static readonly Dictionary<string, string[]> Above = new()
    {
        ["BTG"] = ["ETREAT", "TREAT"],
        ["ETREAT"] = ["TREAT"],
        ["PRECLINTRCH"] = ["CLINTRCH", "HRESCH"],
        ["CLINTRCH"] = ["HRESCH"],
        ["PSY"] = ["SPI"],
        ["SUD"] = ["SPI", "ETH"],
        ["ETHUD"] = ["SUD", "SPI", "ETH"],
        ["OPIOIDUD"] = ["SUD", "SPI", "ETH"],
    };

    private static readonly string[] Sensitivities = ["SPI", "ETH", "PSY", "HIV", "SDV", "SUD", "ETHUD", "OPIOIDUD"];
    private static readonly string[] Inherited = ["period", "actor", "action", "securityLabel", "purpose", "class", "code", "dataPeriod", "data"];

    private readonly ConsentCode[] _labels = [.. Codings(resource["meta"]?["security"])];

    public bool Permits(IEnumerable<JsonObject> consents, ImplicitPolicy policy)
    {
        if (question.Actors.Count == 0 || question.IsAdministrator || (Asks("BTG") && !(question.MayBreakGlass && question.DeclaresBreakGlass)))
        {
            return false;
        }

        string?[] words = [.. consents.Select(WordOf)];
        return !words.Contains(Deny) && (words.Contains(Permit) || (!words.Contains(Governs) && IsPermittedBy(policy) && !_labels.Contains(Vocabulary.NoDisclosureWithoutConsent)));
    }

    /// <summary>What a consent says; null for nothing.</summary>
    private string? WordOf(JsonObject consent)
    {
        string scope = (string)consent["scope"]!["coding"]![0]!["code"]!;
        bool isResearch = question.Purposes.Any(asked => IsAtOrBelow(asked, Vocabulary.Research));
        JsonObject? root = consent["provision"] as JsonObject;
        if ((string?)consent["status"] != "active" || (scope == "research" && !isResearch) || !(IsNow(root?["period"]) || IsInverted(root?["period"])))
        {
            return null;
        }

        string? rule = (string?)consent["policyRule"]?["coding"]?[0]?["code"];
        ImplicitPolicy? policy = ImplicitPolicy.Find((string?)consent["policy"]?[0]?["uri"]);
        bool? opened = rule is "OPTIN" or "OPTINR" ? true : rule is "OPTOUT" or "OPTOUTE" ? false : null;
        string? word = root is null || root["type"] is null ? Base(root, opened, policy) : RootWord(root, opened, isResearch);
        if (root is not null)
        {
            bool isWithoutBase = root["type"] is null && (Inherited.Skip(1).Any(root.ContainsKey) || (opened is null && policy is null));
            word = IsUntestable(root, []) || isWithoutBase ? Deny : Judge(root, []) ?? word;
        }

        bool isVerified = consent["verification"] is not JsonArray checks || checks.Any(check => (bool)check!["verified"]!);
        return isVerified || word == Deny ? word : null;
    }

    /// <summary>What holds where no rule does, of a root with a type.</summary>
    private static string? RootWord(JsonObject root, bool? opened, bool isResearch) => (string)root["type"]! == Deny ? (opened == true ? Permit : null)
        : root["purpose"] is JsonArray purposes && !isResearch && Codings(purposes).All(purpose => IsAtOrBelow(purpose, Vocabulary.Research)) ? null
        : opened == false ? Deny
        : Governs;

    /// <summary>What holds where no rule does, of a root without a type, or without rules.</summary>
    private string Base(JsonObject? root, bool? opened, ImplicitPolicy? policy)
    {
        string permitted = root is not null && HasPermit(root) ? Governs : Permit;
        return opened is { } isOpen ? (isOpen ? permitted : Deny)
            : policy is null || policy == ImplicitPolicy.Deny ? Deny
            : IsPermittedBy(policy) ? permitted
            : Governs;
    }

    private static bool HasPermit(JsonObject rule) => Nested(rule).Any(child => (string)child["type"]! == Permit || HasPermit(child));

    private bool IsPermittedBy(ImplicitPolicy policy) =>
        policy == ImplicitPolicy.AllNormal
        || (policy == ImplicitPolicy.BasicNormal && question.IsClinician && question.Purposes.Any(asked => IsAtOrBelow(asked, Vocabulary.Treatment)))
        || (policy == ImplicitPolicy.BreakGlassOnly && Asks("BTG") && question.DeclaresBreakGlass);

    /// <summary>The rule with what it inherits. Its period, at the root, is the consent's.</summary>
    private static JsonObject Whole(JsonObject rule, JsonObject parent, bool isRoot)
    {
        var whole = new JsonObject();
        foreach (string element in Inherited.Where(element => !isRoot || element != "period"))
        {
            if ((rule[element] ?? parent[element]) is { } stated)
            {
                whole.Add(element, stated.DeepClone());
            }
        }

        return whole;
    }

    private string? Judge(JsonObject rule, JsonObject parent, bool isRoot = true)
    {
        JsonObject whole = Whole(rule, parent, isRoot);
        string?[] below = [.. Nested(rule).Select(child => Judge(child, whole, isRoot: false))];
        return below.Contains(Deny) ? Deny : below.Contains(Permit) ? Permit : rule["type"] is not null && Holds(whole, (string)rule["type"]! == Permit) ? (string)rule["type"]! : null;
    }

    private bool Holds(JsonObject whole, bool permits) =>
        IsNow(whole["period"])
        && All(whole["purpose"], purpose => question.Purposes.Any(asked => IsAtOrBelow(asked, CodeOf(purpose))))
        && All(whole["action"], action => Codings(action["coding"]).Any(code => code.Code == question.Action))
        && All(whole["actor"], IsMeant)
        && All(whole["class"], type => IsOfClass(CodeOf(type)))
        && All(whole["code"], concept => Codings(concept["coding"]).Any(code => code.Code.Length > 0 && facts.Holds(new CodeTerm(code, 0))))
        && All(whole["data"], IsConcerned)
        && (whole["dataPeriod"] is not { } period || (facts.ClinicalTime is not { } time ? !permits : permits ? RangeOf(period).Contains(time) : RangeOf(period).Overlaps(time)))
        && (whole["securityLabel"] is not { } labels || (permits ? IsBelow([.. Codings(labels)]) : IsAbove([.. Codings(labels)])));

    /// <summary>An element that is not stated holds; of several values one is enough.</summary>
    private static bool All(JsonNode? element, Func<JsonObject, bool> holds) => element is not JsonArray values || values.Any(value => holds(value!.AsObject()));

    private bool IsMeant(JsonObject actor) => RoleOf(actor) is { } role && NameOf(actor["reference"]) is { } name && role switch
    {
        "CST" => facts.IsKeptBy(name),
        "AUT" => facts.IsBy(name),
        _ => question.Actors.Contains(name.Text),
    };

    private bool IsOfClass(ConsentCode type) => type.System == "urn:ietf:rfc:3986" ? facts.Claims(new TextTerm(type.Code, 0)) : type == new ConsentCode("http://hl7.org/fhir/resource-types", facts.Type);

    private bool IsConcerned(JsonObject data)
    {
        if (NameOf(data["reference"]) is not { } name)
        {
            return false;
        }

        string meaning = (string)data["meaning"]!;
        return meaning == "authoredby" ? facts.IsBy(name)
            : facts.Is(name)
                || (meaning != "instance" && facts.RefersTo(name))
                || (meaning == "related" && question.ReferencesOf(name.Text).Any(other => facts.Is(new TextTerm(other, 0))));
    }

    private bool IsBelow(ConsentCode[] stated)
    {
        string[] reasons = [.. _labels.Where(IsSensitivity).Select(label => label.Code)];
        return stated.Any(label => RankOf(label) is >= 0 and var ceiling && Effective() <= ceiling)
            || (stated.Any(IsSensitivity) && Effective() <= ConfidentialityCodes.IndexOf('R') && reasons.All(reason => stated.Any(label => IsSensitivity(label) && IsOrBelow(reason, label.Code))))
            || stated.Any(IsOtherLabel);
    }

    private bool IsAbove(ConsentCode[] stated) =>
        stated.Any(label => RankOf(label) is >= 0 and var floor && Effective() >= floor)
        || stated.Any(label => IsSensitivity(label) && _labels.Any(reason => IsSensitivity(reason) && IsOrBelow(reason.Code, label.Code)))
        || stated.Any(IsOtherLabel);

    private bool IsOtherLabel(ConsentCode label) => label.Code.Length > 0 && label.System != Vocabulary.ConfidentialitySystem && !IsSensitivity(label) && _labels.Contains(label);

    private int Effective()
    {
        int[] ranks = [.. _labels.Where(label => label.System == Vocabulary.ConfidentialitySystem).Select(label => RankOf(label) is >= 0 and var rank ? rank : ConfidentialityCodes.Length - 1)];
        int stated = ranks.Length > 0 ? ranks.Max() : ConfidentialityCodes.IndexOf('N');
        return _labels.Any(IsSensitivity) ? Math.Max(stated, ConfidentialityCodes.IndexOf('R')) : stated;
    }

    private static int RankOf(ConsentCode label) => label.System == Vocabulary.ConfidentialitySystem && label.Code.Length == 1 ? ConfidentialityCodes.IndexOf(label.Code[0]) : -1;

    private static bool IsSensitivity(ConsentCode label) => label.System == Vocabulary.ActCodeSystem && Sensitivities.Contains(label.Code);

    /// <summary>Whether a refusal, or one within, names something that cannot be told from others.</summary>
    private bool IsUntestable(JsonObject rule, JsonObject parent, bool isRoot = true)
    {
        JsonObject whole = Whole(rule, parent, isRoot);
        bool refuses = (string?)rule["type"] == Deny;
        return (refuses && (Any(whole["actor"], actor => RoleOf(actor) is null || NameOf(actor["reference"]) is null)
                || Any(whole["securityLabel"], label => !IsKnown(CodeOf(label)))
                || Any(whole["class"], type => CodeOf(type).System is not ("http://hl7.org/fhir/resource-types" or "urn:ietf:rfc:3986"))
                || Any(whole["code"], concept => Codings(concept["coding"]).Any(code => code.Code.Length == 0))
                || Any(whole["data"], data => NameOf(data["reference"]) is null)))
            || IsInverted(rule["period"])
            || IsInverted(rule["dataPeriod"])
            || Nested(rule).Any(child => IsUntestable(child, whole, isRoot: false));
    }

    private static bool IsInverted(JsonNode? period) => period is not null && RangeOf(period) is var range && range.Start >= range.End;

    private static bool Any(JsonNode? element, Func<JsonObject, bool> holds) => element is JsonArray values && values.Any(value => holds(value!.AsObject()));

    private static bool IsKnown(ConsentCode label) => label.Code.Length > 0 && (label.System == Vocabulary.ActCodeSystem || RankOf(label) >= 0);

    private static string? RoleOf(JsonObject actor) =>
        (string?)actor["role"]?["coding"]?[0]?["code"] is { } role && role is "IRCP" or "PRCP" or "GRANTEE" or "PROV" or "CST" or "AUT" ? role : null;

    private bool Asks(string purpose) => question.Purposes.Contains(new ConsentCode(Vocabulary.ActReasonSystem, purpose));

    private static bool IsAtOrBelow(ConsentCode purpose, ConsentCode above) =>
        purpose == above || (purpose.System == Vocabulary.ActReasonSystem && above.System == Vocabulary.ActReasonSystem && IsOrBelow(purpose.Code, above.Code));

    private static bool IsOrBelow(string code, string above) => code == above || Above.GetValueOrDefault(code, []).Contains(above);

    private bool IsNow(JsonNode? period) => period is null || RangeOf(period) is var range && range.Start <= question.Time.UtcTicks && question.Time.UtcTicks < range.End;

    private static DateRange RangeOf(JsonNode period)
    {
        DateRange At(string bound) => (string?)period[bound] is { } text && DateRange.TryParse(System.Text.Encoding.UTF8.GetBytes(text), out DateRange range) ? range : DateRange.Always;
        return new DateRange(At("start").Start, At("end").End);
    }

    private static IEnumerable<JsonObject> Nested(JsonObject rule) => (rule["provision"] as JsonArray ?? []).Select(child => child!.AsObject());

    private static IEnumerable<ConsentCode> Codings(JsonNode? list) => (list as JsonArray ?? []).Select(CodeOf);

    private static ConsentCode CodeOf(JsonNode? coding) => new((string?)coding!["system"] ?? "", (string?)coding["code"] ?? "");

    /// <summary>What a reference names, of whatever version; null for nothing, and for what lies inside the same resource.</summary>
    private TextTerm? NameOf(JsonNode? reference) => (string?)reference?["reference"] is not { Length: > 0 } text || text[0] == '#' || text == serverBase + "/" ? null
        : new TextTerm(Version().Replace(text.StartsWith(serverBase + "/", StringComparison.Ordinal) ? text[(serverBase.Length + 1)..] : text, "${named}"), 0);

    [GeneratedRegex("^(?<named>[^#?]*[A-Z][A-Za-z]+/[A-Za-z0-9.-]+)/_history/[A-Za-z0-9.-]+$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Version();
}
