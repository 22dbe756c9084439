using HealthChain.FhirServer.Subscriptions;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Access.Decision;

/// <summary>
/// A condition on what an engine knows of a version without opening it: what access decisions are made of. Immutable; asked for every candidate of
/// every search, so it allocates nothing.
/// </summary>
/// <remarks>Three answers: what the keys cannot tell is Maybe, and a denial of it is Maybe still. Only Yes opens.</remarks>
internal abstract class FactRule
{
    public static FactRule Always { get; } = new Constant(KeyAnswer.Yes);

    public static FactRule Never { get; } = new Constant(KeyAnswer.No);

    public abstract KeyAnswer Ask(in ResourceFacts facts, Holder holder);

    /// <summary>The patient in whose compartment everything lies for which it holds; null when there is no one such patient.</summary>
    public virtual long? OnlyPatient(Holder holder) => null;

    public bool Holds(in ResourceFacts facts, Holder holder) => Ask(facts, holder) == KeyAnswer.Yes;

    /// <summary>All of them hold; Always for none.</summary>
    public static FactRule All(params IEnumerable<FactRule> parts)
    {
        FactRule[] rest = [.. parts.SelectMany(part => part is AllRule all ? all.Parts : [part]).Where(part => part != Always).Distinct()];
        return rest.Contains(Never) ? Never
            : rest.Length == 0 ? Always
            : rest.Length == 1 ? rest[0]
            : new AllRule(rest);
    }

    /// <summary>One of them holds; Never for none.</summary>
    public static FactRule Any(params IEnumerable<FactRule> parts)
    {
        FactRule[] rest = [.. parts.SelectMany(part => part is AnyRule any ? any.Parts : [part]).Where(part => part != Never).Distinct()];
        return rest.Contains(Always) ? Always
            : rest.Length == 0 ? Never
            : rest.Length == 1 ? rest[0]
            : new AnyRule(rest);
    }

    public static FactRule Not(FactRule part) =>
        part == Always ? Never
        : part == Never ? Always
        : new NotRule(part);

    private sealed class Constant(KeyAnswer answer) : FactRule
    {
        public override KeyAnswer Ask(in ResourceFacts facts, Holder holder) => answer;
    }

    private sealed class AllRule(FactRule[] parts) : FactRule
    {
        public FactRule[] Parts => parts;

        public override KeyAnswer Ask(in ResourceFacts facts, Holder holder)
        {
            KeyAnswer all = KeyAnswer.Yes;
            for (int i = 0; i < parts.Length && all != KeyAnswer.No; i++)
            {
                KeyAnswer one = parts[i].Ask(facts, holder);
                all = one < all ? one : all;
            }

            return all;
        }

        public override long? OnlyPatient(Holder holder) => parts.Select(part => part.OnlyPatient(holder)).FirstOrDefault(patient => patient is not null);
    }

    private sealed class AnyRule(FactRule[] parts) : FactRule
    {
        public FactRule[] Parts => parts;

        public override KeyAnswer Ask(in ResourceFacts facts, Holder holder)
        {
            KeyAnswer any = KeyAnswer.No;
            for (int i = 0; i < parts.Length && any != KeyAnswer.Yes; i++)
            {
                KeyAnswer one = parts[i].Ask(facts, holder);
                any = one > any ? one : any;
            }

            return any;
        }

        public override long? OnlyPatient(Holder holder)
        {
            long? first = parts[0].OnlyPatient(holder);
            return parts.All(part => part.OnlyPatient(holder) == first) ? first : null;
        }
    }

    private sealed class NotRule(FactRule part) : FactRule
    {
        public override KeyAnswer Ask(in ResourceFacts facts, Holder holder) => KeyAnswer.Yes - (byte)part.Ask(facts, holder);
    }
}

/// <summary>The resource is the holder's patient.</summary>
internal sealed class IsPatientRule(Whose whose) : FactRule
{
    public override KeyAnswer Ask(in ResourceFacts facts, Holder holder) => facts.Id == holder.Of(whose) ? KeyAnswer.Yes : KeyAnswer.No;

    public override long? OnlyPatient(Holder holder) => holder.Of(whose);
}

/// <summary>One of the parameters refers to the holder's patient or organisation.</summary>
/// <param name="areOfCompartment">The parameters are those by which resources are in a patient's compartment.</param>
internal sealed class RefersRule(ushort[] parameters, Whose whose, bool areOfCompartment = false) : FactRule
{
    public override KeyAnswer Ask(in ResourceFacts facts, Holder holder)
    {
        long target = holder.Of(whose);
        foreach (ushort parameter in parameters)
        {
            foreach (ref readonly IndexKey key in facts.Keys.Of(parameter))
            {
                if (key.Hash == target && key.Kind == IndexKeyKind.Reference)
                {
                    return KeyAnswer.Yes;
                }
            }
        }

        return KeyAnswer.No;
    }

    public override long? OnlyPatient(Holder holder) => areOfCompartment ? holder.Of(whose) : null;
}

/// <summary>A search parameter has one of certain values.</summary>
internal sealed class ValueRule(KeyQuery query) : FactRule
{
    public override KeyAnswer Ask(in ResourceFacts facts, Holder holder) => query.Ask(facts.Keys);
}

/// <summary>The resource is the holder's patient's and nobody else's; for writing, where all patients are told.</summary>
internal sealed class OnlyPatientRule : FactRule
{
    public override KeyAnswer Ask(in ResourceFacts facts, Holder holder) =>
        facts.Patients is [var only] && only == holder.Patient ? KeyAnswer.Yes : KeyAnswer.No;
}

/// <summary>The Subscription is the asker's own.</summary>
internal sealed class OwnSubscriptionRule(SubscriptionBook owners) : FactRule
{
    public override KeyAnswer Ask(in ResourceFacts facts, Holder holder) => owners.OwnerOf(facts.Id) == holder.Asker ? KeyAnswer.Yes : KeyAnswer.No;
}
