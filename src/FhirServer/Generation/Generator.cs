namespace HealthChain.FhirServer.Generation;

/// <summary>
/// Makes patients that do not exist. Patient k of a seed and a last day is always the same, byte for byte, however many are made; memory is
/// bounded by one patient.
/// </summary>
/// <param name="until">Nothing happens after this day.</param>
internal sealed class Generator(ulong seed, DateOnly until, ResourceOutput output)
{
    /// <summary>Writes what all patients refer to.</summary>
    public void WriteShared() => Network.Write(output);

    /// <param name="number">Which patient, counted from 1.</param>
    public void WritePatient(long number)
    {
        var random = new RandomSource(seed, (ulong)number);
        var chart = new Chart(output, random, new Person(random, number, until), until);
        output.BeginGroup();
        People.Write(chart);
        Visits.Write(chart);
        output.EndGroup();
    }
}
