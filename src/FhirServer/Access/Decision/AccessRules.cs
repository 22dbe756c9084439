using HealthChain.FhirServer.Searching;
using HealthChain.Smart;
using HealthChain.Smart.Scopes;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Access.Decision;

/// <summary>Whose access records exist for somebody.</summary>
internal enum RecordReach
{
    Nobodys,

    /// <summary>Those that concern the patient.</summary>
    Own,
    All,
}

/// <summary>
/// What tokens with certain scopes give a party: the reach of the role and within it what the scopes give. One for all tokens of the same sort.
/// Immutable but for what it keeps; thread-safe.
/// </summary>
internal sealed class AccessRules
{
    private readonly RoleReach _reach;
    private readonly Party _party;
    private readonly ScopeSet _granted;
    private readonly TypeRules[] _seenBy;
    private readonly TypeRules?[] _seen = new TypeRules?[(int)Permissions.All + 1];
    private TypeRules? _seenInTransactions;

    public AccessRules(RoleReach reach, ScopeRules scopes, Party party, ScopeSet granted)
    {
        _reach = reach;
        _party = party;
        _granted = granted;
        TypeRules[] given = [.. PermissionLetters.Each.Select(permission => new TypeRules(type => scopes.Of(granted, permission, type, party.HasContext)))];
        TypeRules Given(Permissions permission) => given[int.TrailingZeroCount((int)permission)];
        TypeRules Written(Permissions permission, ChangeKind kind) =>
            new(type => FactRule.All(reach.Writes(party, type, kind), Given(permission)[type.Name], reach.Consented(party, type, kind)));

        _seenBy = [.. given.Select(rules => new TypeRules(type => FactRule.All(reach.Reads(party, type), rules[type.Name])))];
        Posts = Written(Permissions.Create, ChangeKind.Create);
        Puts = Written(Permissions.Update, ChangeKind.Update);
        Deletes = Written(Permissions.Delete, ChangeKind.Delete);
    }

    public Party Party => _party;

    /// <summary>What may be posted: it and the others tell of what is written and, but for this, of what stood there before.</summary>
    public TypeRules Posts { get; }

    /// <summary>What may be put to an id.</summary>
    public TypeRules Puts { get; }

    public TypeRules Deletes { get; }

    /// <summary>Whether resources of a type may come into being by whatever interaction.</summary>
    public bool BringsAbout(string type) => _reach.Writes(_party, ResourceTypes.Find(type)!, ChangeKind.Create) != FactRule.Never;

    /// <summary>
    /// What exists for who does what needs all of these permissions. What can be read is there too for who would change or delete it, so that it is
    /// refused: of a deletion it would else be said that it is done.
    /// </summary>
    public TypeRules Seen(Permissions permissions) => _seen[(int)permissions] ??= permissions is Permissions.Update or Permissions.Delete
        ? Seen(FactRule.Any, permissions | Permissions.Read)
        : Seen(FactRule.All, permissions);

    /// <summary>
    /// What the entries of a transaction may rest on: each was thought through by its own permissions, and of what it writes each is asked by
    /// itself, so here it is what one of them may see.
    /// </summary>
    public TypeRules SeenInTransactions => _seenInTransactions ??= Seen(FactRule.Any, Permissions.All);

    /// <summary>Whether there can be anything of a type on which may be done what needs these permissions.</summary>
    public bool Gives(Permissions permissions, string type) =>
        PermissionLetters.Each.Where(permission => permissions.HasFlag(permission)).All(permission => permission switch
        {
            Permissions.Create => Posts[type] != FactRule.Never,
            Permissions.Update => Puts[type] != FactRule.Never,
            Permissions.Delete => Deletes[type] != FactRule.Never,
            _ => Seen(permission)[type] != FactRule.Never || (type == "AuditEvent" && RecordsOf(permission) != RecordReach.Nobodys),
        });

    /// <summary>Whether there is any type of which they give something.</summary>
    public bool Gives(Permissions permissions) => ResourceTypes.All.Any(type => Gives(permissions, type.Name));

    /// <summary>Which access records exist: they are AuditEvents, so scopes must give those. Only patients see those about themselves.</summary>
    public RecordReach RecordsOf(Permissions permissions)
    {
        bool isGiven = PermissionLetters.Each.Where(permission => permissions.HasFlag(permission)).All(permission => _granted.Resources.Any(scope =>
            scope.IsOf("AuditEvent") && scope.Query.IsEmpty && scope.Permissions.HasFlag(permission) && (scope.Context != ScopeContext.Patient || _party.HasContext)));
        return !isGiven ? RecordReach.Nobodys
            : _party.Role == Role.Auditor ? RecordReach.All
            : _party is { Role: Role.Patient, HasPatient: true } ? RecordReach.Own
            : RecordReach.Nobodys;
    }

    private TypeRules Seen(Func<IEnumerable<FactRule>, FactRule> join, Permissions permissions)
    {
        TypeRules[] needed = [.. PermissionLetters.Each.Zip(_seenBy).Where(pair => permissions.HasFlag(pair.First)).Select(pair => pair.Second)];
        return new TypeRules(type => FactRule.All(join(needed.Select(rules => rules[type.Name])), _reach.Consented(_party, type)));
    }
}
