using HealthChain.Consent;
using HealthChain.FhirServer.Access;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents;

/// <summary>
/// What consents let one requester do by one sort of action: asked for every candidate of every search. What was concluded from a patient's consents is
/// kept until they are others, or until the time comes at which the conclusion would be another. Thread-safe; asking allocates nothing.
/// </summary>
internal sealed class ConsentView(Asker asker, ConsentAction action, ConsentViews views)
{
    private static readonly string[] Actions = ["access", "collect", "correct", "disclose", "use"];

    private readonly ConsentKeys _keys = views.Keys;
    private readonly ConsentDirectory _directory = views.Directory;
    private readonly long _person = asker.Person is { } person ? views.Keys.HashOf(person) : 0;
    private Conclusions? _conclusions;

    /// <summary>Whether all patients whom the resource is about let it be.</summary>
    public bool Permits(in ResourceFacts facts) => Permits(facts, except: default);

    /// <param name="except">Hashes of patients who come into being with it, and so have no consents.</param>
    public bool Permits(in ResourceFacts facts, ReadOnlySpan<long> except)
    {
        ReadOnlySpan<IndexKey> patients = _keys.PatientsOf(facts);
        if (patients.IsEmpty)
        {
            return true;
        }

        Conclusions conclusions = Current();
        var known = new KeyFacts(_keys, facts);
        foreach (ref readonly IndexKey patient in patients)
        {
            if (!except.Contains(patient.Hash) && !DecisionOf(patient.Hash, conclusions).Permits(known))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether one patient lets it be, whose it may not be yet.</summary>
    public bool Permits(in ResourceFacts facts, long patient) => DecisionOf(patient, Current()).Permits(new KeyFacts(_keys, facts));

    /// <summary>What the consents of one patient say to the requester at this moment.</summary>
    public PatientDecision DecisionOf(long patient) => DecisionOf(patient, Current());

    /// <summary>Whether the requester may have another organisation hold a patient's record: whoever holds it may, others leave it as it is.</summary>
    /// <param name="holder">Hash of the organisation; 0 for none.</param>
    public bool MayHandOn(long patient, long holder) =>
        _directory.Of(patient).Holder is var present && (present == holder || Current().Organisations.AsSpan().Contains(present));

    /// <summary>Keeps nothing of what was concluded.</summary>
    public void Forget() => Volatile.Write(ref _conclusions, null);

    private PatientDecision DecisionOf(long patient, Conclusions conclusions)
    {
        PatientConsents consents = _directory.Of(patient);
        if (_person != 0 && (patient == _person || consents.Replaced.AsSpan().Contains(_person)))
        {
            return conclusions.OfHerself;
        }

        return conclusions.Find(consents) is { } kept && (kept.Until == Conclusion.ForGood || views.Now < kept.Until)
            ? kept.Decision
            : Keep(consents, conclusions);
    }

    private Conclusions Current()
    {
        Conclusions? known = Volatile.Read(ref _conclusions);
        if (known is null || known.Generation != views.Generation || (known.Until != long.MaxValue && known.Until <= views.Now))
        {
            Volatile.Write(ref _conclusions, known = Begin());
        }

        return known;
    }

    private Conclusions Begin()
    {
        // Before it is asked for what the number stands for: then at worst it is asked once more.
        int generation = views.Generation;
        long now = views.Now;
        Names names = _directory.Actors.NamesOf(asker.Person, asker.Organisation, now);
        long[] organisations = [.. names.References.Where(name => name.StartsWith("Organization/", StringComparison.Ordinal)).Select(_keys.HashOf)];
        if (asker.Client is { } client)
        {
            // A system that the operator knows by name; no reference looks like that.
            names.References.Add("urn:healthchain:client:" + client);
        }

        bool breaksGlass = asker.BreakGlass is { } declared && declared.Until.UtcTicks > now;
        var question = new Question
        {
            Actors = names.References,
            Identifiers = names.Identifiers,
            Person = asker.Person,
            Purposes = PurposesOfUse.Read(asker.Purpose),
            Action = Actions[(int)action],
            Time = new DateTimeOffset(now, TimeSpan.Zero),
            IsClinician = asker.Role == Smart.Role.Practitioner,
            IsAdministrator = asker.Role == Smart.Role.Administrator,
            MayBreakGlass = asker.MayBreakGlass,
            DeclaresBreakGlass = breaksGlass,
            ReferencesOf = _directory.Related.ReferencesOf,
        };
        return new Conclusions(
            question,
            organisations,
            PatientDecision.For(question, asker.Person is { } person ? [person] : [], [], ImplicitPolicy.Deny, views.Vocabulary),
            generation,
            breaksGlass ? Math.Min(names.Until, asker.BreakGlass!.Until.UtcTicks) : names.Until);
    }

    private PatientDecision Keep(PatientConsents consents, Conclusions conclusions)
    {
        PatientDecision decision = Conclude(consents, conclusions);
        if (conclusions.Keep(new Conclusion(consents, decision)))
        {
            views.CountOneMore();
        }

        return decision;
    }

    /// <summary>Who is not there is not written about, whatever the policy: else to be refused would tell of a patient that she is.</summary>
    private ImplicitPolicy PolicyFor(PatientConsents consents, Conclusions conclusions) =>
        !consents.IsThere && action is (ConsentAction.Collect or ConsentAction.Correct) ? ImplicitPolicy.Deny
        : views.Policy.For(asker, conclusions.Organisations.AsSpan().Contains(consents.Holder));

    private PatientDecision Conclude(PatientConsents consents, Conclusions conclusions) => PatientDecision.For(
        conclusions.Question with { Time = new DateTimeOffset(views.Now, TimeSpan.Zero) },
        [],
        consents.Rules,
        PolicyFor(consents, conclusions),
        views.Vocabulary,
        _keys);
}
