using HealthChain.FhirServer.Consents;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Access.Decision;

/// <summary>All patients whom the resource is about let it be, as far as they consented to anything.</summary>
internal sealed class ConsentRule : FactRule
{
    private static readonly ConsentRule[] OfActions = [.. Enum.GetValues<ConsentAction>().Select(action => new ConsentRule(action))];

    private readonly ConsentAction _action;

    private ConsentRule(ConsentAction action) => _action = action;

    public static ConsentRule For(ConsentAction action) => OfActions[(int)action];

    public override KeyAnswer Ask(in ResourceFacts facts, Holder holder) =>
        holder.Consents[_action].Permits(facts, holder.NewPatients.Span) ? KeyAnswer.Yes : KeyAnswer.No;
}

/// <summary>
/// The patients to whom a Patient is linked let it be corrected as well: else somebody could make a patient whose consents would count for another.
/// </summary>
/// <param name="link">The search parameter.</param>
internal sealed class LinkedPatientsRule(ushort link) : FactRule
{
    public override KeyAnswer Ask(in ResourceFacts facts, Holder holder)
    {
        foreach (ref readonly IndexKey key in facts.Keys.Of(link))
        {
            if (key.Kind == IndexKeyKind.Reference
                && !holder.NewPatients.Span.Contains(key.Hash)
                && !holder.Consents[ConsentAction.Correct].Permits(facts, key.Hash))
            {
                return KeyAnswer.No;
            }
        }

        return KeyAnswer.Yes;
    }
}

/// <summary>
/// The organisation that holds a patient's record stays the same, unless the patient or that organisation itself hands it on: who may correct a record
/// may not take it.
/// </summary>
/// <param name="organisation">The search parameter for the managing organisation.</param>
internal sealed class SameHolderRule(ushort organisation) : FactRule
{
    public override KeyAnswer Ask(in ResourceFacts facts, Holder holder)
    {
        if (facts.Id == holder.Patient || holder.NewPatients.Span.Contains(facts.Id))
        {
            return KeyAnswer.Yes;
        }

        long next = 0;
        foreach (ref readonly IndexKey key in facts.Keys.Of(organisation))
        {
            next = key.Kind == IndexKeyKind.Reference ? key.Hash : next;
        }

        return holder.Consents[ConsentAction.Correct].MayHandOn(facts.Id, next) ? KeyAnswer.Yes : KeyAnswer.No;
    }
}
