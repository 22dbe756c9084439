using HealthChain.Smart;
using HealthChain.Smart.Scopes;

namespace HealthChain.FhirServer.Access.Decision;

/// <summary>What the bearer of one token may do. What depends on the moment (does the organisation stand? whose relative is it?) is asked each time. Thread-safe.</summary>
internal sealed class TokenRights
{
    private readonly AccessDecisions _decisions;
    private readonly Requester _requester;
    private readonly Role _role;
    private readonly ScopeSet _granted;
    private readonly bool _trusted;
    private readonly string? _ownPatient;
    private readonly string? _patientInContext;
    private Entitlement? _current;
    private Entitlement? _lapsed;
    private KnownRelative? _relative;

    public TokenRights(AccessDecisions decisions, Requester requester, Role role, ScopeSet granted, string? patientInContext, bool trusted)
    {
        _decisions = decisions;
        _requester = requester with { Rights = this };
        _role = role;
        _granted = granted;
        _trusted = trusted;
        _ownPatient = role == Role.Patient && requester.FhirUser?.StartsWith("Patient/", StringComparison.Ordinal) == true ? requester.FhirUser : null;
        _patientInContext = patientInContext is null ? null : "Patient/" + patientInContext;
    }

    /// <summary>The bearer, before it is known what for: nothing exists.</summary>
    public Requester Requester => _requester;

    /// <summary>Whether the bearer may act for her organisation now.</summary>
    public bool MayActForOrganisation => _decisions.MayActFor(_requester.Organisation, _trusted);

    /// <summary>Whether scopes give a permission on a type, wherever the role reaches.</summary>
    public bool Gives(Permissions permission, string type) => _granted.Resources.Any(scope => scope.IsOf(type) && scope.Permissions.HasFlag(permission));

    /// <summary>What the bearer sees of one patient after breaking the glass: no more than her scopes give of others, and nothing to write.</summary>
    /// <param name="requester">The bearer with what was declared.</param>
    /// <param name="patient">Id of the patient.</param>
    public TokenRights ForEmergency(Requester requester, string patient)
    {
        const Permissions Seeing = Permissions.Read | Permissions.Search;
        ScopeSet scopes = ScopeSet.Of(_granted.Resources
            .Where(scope => (scope.Permissions & Seeing) != Permissions.None)
            .Select(scope => (scope with { Context = ScopeContext.Patient, Permissions = scope.Permissions & Seeing }).ToString()));
        return new TokenRights(_decisions, requester with { Scopes = [.. scopes.Resources.Select(scope => scope.ToString())] }, _role, scopes, patient, _trusted);
    }

    /// <summary>What holds at this moment.</summary>
    public ValueTask<Entitlement> NowAsync(CancellationToken cancellationToken)
    {
        if (_role == Role.RelatedPerson)
        {
            return OfRelativeAsync(cancellationToken);
        }

        return ValueTask.FromResult(_decisions.MayActFor(_requester.Organisation, _trusted)
            ? _current ??= Of(_ownPatient, isCurrent: true)
            : _lapsed ??= Of(_ownPatient, isCurrent: false));
    }

    private async ValueTask<Entitlement> OfRelativeAsync(CancellationToken cancellationToken)
    {
        string? patient = _requester.FhirUser is { } person ? await _decisions.PatientOfAsync(person, cancellationToken) : null;
        KnownRelative? known = _relative;
        if (known is null || known.Patient != patient)
        {
            _relative = known = new KnownRelative(patient, Of(patient, isCurrent: false));
        }

        return known.Entitlement;
    }

    private Entitlement Of(string? patient, bool isCurrent)
    {
        // Who has one record to see means that one where the launch says nothing.
        string? inContext = _patientInContext ?? patient;
        var party = new Party(_role, patient is not null, inContext is not null, _requester.Organisation is not null, isCurrent);
        var holder = new Holder(_decisions.HashOf(patient), _decisions.HashOf(inContext), _decisions.HashOf(_requester.Organisation), _decisions.ConsentsOf(_requester))
        {
            Asker = _decisions.HashOf(_requester),
        };
        return new Entitlement(_requester, _decisions.RulesOf(party, _granted), holder);
    }

    private sealed record KnownRelative(string? Patient, Entitlement Entitlement);
}
