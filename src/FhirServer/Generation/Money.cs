namespace HealthChain.FhirServer.Generation;

/// <summary>One line of a bill.</summary>
internal readonly record struct Charge(Coded Service, Cents Price);

/// <summary>What a visit costs and who pays: Claim and ExplanationOfBenefit. All sums are those of the lines, to the cent.</summary>
internal static class Money
{
    /// <summary>What insurers accept of a price, and what they pay of that.</summary>
    private const int EligiblePercent = 78;
    private const int BenefitPercent = 80;

    private static readonly Coded Institutional = Coded.Hl7("claim-type", "institutional", "Institutional");
    private static readonly Coded Professional = Coded.Hl7("claim-type", "professional", "Professional");
    private static readonly Coded Normal = Coded.Hl7("processpriority", "normal", "Normal");
    private static readonly Coded Principal = Coded.Hl7("ex-diagnosistype", "principal", "Principal Diagnosis");
    private static readonly Coded Submitted = Coded.Hl7("adjudication", "submitted", "Submitted Amount");
    private static readonly Coded Eligible = Coded.Hl7("adjudication", "eligible", "Eligible Amount");
    private static readonly Coded CoPay = Coded.Hl7("adjudication", "copay", "CoPay");
    private static readonly Coded Benefit = Coded.Hl7("adjudication", "benefit", "Benefit Amount");
    private static readonly Coded Complete = Coded.Hl7("ex-paymenttype", "complete", "Complete");

    public static void Write(Chart chart, Visit visit)
    {
        var claim = chart.NewKey("Claim");
        var created = Earlier(visit.Start.Date.AddDays(chart.Random.Between(0, 4)), chart.Until);
        var decided = created.AddDays(chart.Random.Between(2, 25));
        WriteClaim(chart, visit, claim, created);

        // What is not decided by the end of the data has no answer yet, and some claims never get one.
        if (decided <= chart.Until && chart.Random.Chance(93))
        {
            WriteExplanation(chart, visit, claim, decided);
        }
    }

    private static DateOnly Earlier(DateTime day, DateOnly until)
    {
        var date = DateOnly.FromDateTime(day);
        return date < until ? date : until;
    }

    private static void WriteClaim(Chart chart, Visit visit, ResourceKey key, DateOnly created)
    {
        var writer = chart.Writer;
        chart.Output.Begin(key);
        writer.Narrative($"{Names.Hospitals[chart.Person.Town]} charges {Names.Insurers[chart.Person.Insurer]} for the visit of {visit.Start:yyyy-MM-dd}");
        WriteParties(chart, visit, created);
        writer.Reference("provider"u8, Network.Hospital(chart.Person.Town), Names.Hospitals[chart.Person.Town]);
        writer.Concept("priority"u8, Normal);
        WriteDiagnosisAndInsurance(chart, visit, isClaim: true);
        writer.Array("item"u8);
        var total = default(Cents);
        for (var i = 0; i < visit.Charges.Count; i++)
        {
            writer.Object();
            WriteItem(chart, visit, i);
            writer.End();
            total += visit.Charges[i].Price;
        }

        writer.EndArray();
        writer.Money("total"u8, total);
        chart.Output.End();
    }

    private static void WriteExplanation(Chart chart, Visit visit, ResourceKey claim, DateOnly decided)
    {
        var writer = chart.Writer;
        chart.Output.Begin(chart.NewKey("ExplanationOfBenefit"));
        writer.Narrative($"{Names.Insurers[chart.Person.Insurer]} explains what it pays for the visit of {visit.Start:yyyy-MM-dd}");
        WriteParties(chart, visit, decided);
        writer.Reference("provider"u8, Network.Hospital(chart.Person.Town), Names.Hospitals[chart.Person.Town]);
        writer.Reference("claim"u8, claim);
        writer.Text("outcome"u8, "complete");
        WriteDiagnosisAndInsurance(chart, visit, isClaim: false);
        var sum = default(Settlement);
        writer.Array("item"u8);
        for (var i = 0; i < visit.Charges.Count; i++)
        {
            var line = Settlement.Of(visit.Charges[i].Price);
            sum += line;
            writer.Object();
            WriteItem(chart, visit, i);
            WriteAmounts(writer, "adjudication"u8, line);
            writer.End();
        }

        writer.EndArray();
        WriteAmounts(writer, "total"u8, sum);
        writer.Object("payment"u8);
        writer.Concept("type"u8, Complete);
        writer.Date("date"u8, decided);
        writer.Money("amount"u8, sum.Paid);
        writer.End();
        chart.Output.End();
    }

    /// <summary>What a claim and its explanation have in common at their beginning.</summary>
    private static void WriteParties(Chart chart, Visit visit, DateOnly created)
    {
        var (person, writer) = (chart.Person, chart.Writer);
        writer.Text("status"u8, "active");
        writer.Concept("type"u8, visit.Kind.IsEmergency ? Institutional : Professional);
        writer.Text("use"u8, "claim");
        writer.Reference("patient"u8, person.Key, person.FullName);
        writer.Period("billablePeriod"u8, visit.Start, visit.End);
        writer.Date("created"u8, created);
        writer.Reference("insurer"u8, Network.Insurer(person.Insurer), Names.Insurers[person.Insurer]);
    }

    private static void WriteDiagnosisAndInsurance(Chart chart, Visit visit, bool isClaim)
    {
        var writer = chart.Writer;
        writer.Single("diagnosis"u8);
        writer.Number("sequence"u8, 1);
        writer.Concept("diagnosisCodeableConcept"u8, visit.BillingDiagnosis);
        writer.Concepts("type"u8, Principal);
        writer.EndSingle();
        writer.Single("insurance"u8);
        if (isClaim)
        {
            writer.Number("sequence"u8, 1);
        }

        writer.Flag("focal"u8, true);
        writer.Reference("coverage"u8, chart.Person.CoverageKey);
        writer.EndSingle();
    }

    private static void WriteItem(Chart chart, Visit visit, int index)
    {
        var writer = chart.Writer;
        var charge = visit.Charges[index];
        writer.Number("sequence"u8, index + 1);
        writer.Numbers("diagnosisSequence"u8, 1);
        writer.Concept("productOrService"u8, charge.Service);
        writer.Date("servicedDate"u8, visit.Day);
        writer.Count("quantity"u8, 1);
        writer.Money("unitPrice"u8, charge.Price);
        writer.Money("net"u8, charge.Price);
        writer.References("encounter"u8, visit.Key);
    }

    private static void WriteAmounts(FhirWriter writer, ReadOnlySpan<byte> name, Settlement amounts)
    {
        writer.Array(name);
        Amount(Submitted, amounts.Submitted);
        Amount(Eligible, amounts.Eligible);
        Amount(CoPay, amounts.Eligible - amounts.Paid);
        Amount(Benefit, amounts.Paid);
        writer.EndArray();

        void Amount(Coded category, Cents amount)
        {
            writer.Object();
            writer.Concept("category"u8, category);
            writer.Money("amount"u8, amount);
            writer.End();
        }
    }

    /// <summary>What was asked for, what of that the insurer accepts, and what it pays; the patient owes the rest of what it accepts.</summary>
    private readonly record struct Settlement(Cents Submitted, Cents Eligible, Cents Paid)
    {
        public static Settlement Of(Cents price)
        {
            var eligible = price.Percent(EligiblePercent);
            return new(price, eligible, eligible.Percent(BenefitPercent));
        }

        public static Settlement operator +(Settlement a, Settlement b) => new(a.Submitted + b.Submitted, a.Eligible + b.Eligible, a.Paid + b.Paid);
    }
}
