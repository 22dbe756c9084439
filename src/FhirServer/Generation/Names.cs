namespace HealthChain.FhirServer.Generation;

/// <summary>Names of people and places. The places do not exist; postal codes and telephone numbers are from ranges that are not given out.</summary>
internal static class Names
{
    public static readonly string[] Female =
    [
        "Ada", "Alice", "Amara", "Anita", "Beatriz", "Bella", "Carmen", "Chloe", "Clara", "Dalia", "Daphne", "Edith", "Elena", "Esther", "Fatima",
        "Fiona", "Grace", "Hana", "Helen", "Imani", "Ingrid", "Irene", "Jasmine", "Julia", "Keiko", "Laila", "Leonora", "Linh", "Lucia", "Mabel",
        "Marisol", "Maya", "Mei", "Miriam", "Nadia", "Nora", "Olive", "Paloma", "Priya", "Rosa", "Ruth", "Sabine", "Sofia", "Talia", "Uma",
        "Vera", "Willa", "Yara", "Zoe", "Renée",
    ];

    public static readonly string[] Male =
    [
        "Aaron", "Abel", "Ahmed", "Albert", "Anders", "Arjun", "Basil", "Ben", "Caleb", "Carlos", "Cedric", "Dario", "David", "Desmond", "Eli",
        "Emil", "Enzo", "Felix", "Gabriel", "George", "Hassan", "Henry", "Hiro", "Hugo", "Isaac", "Ivan", "Jamal", "Javier", "Jonas", "Kofi",
        "Leon", "Luis", "Malik", "Marco", "Mateo", "Nathan", "Nico", "Omar", "Oscar", "Pedro", "Quentin", "Rafael", "Ravi", "Samuel", "Stefan",
        "Tariq", "Theo", "Victor", "Wei", "José",
    ];

    public static readonly string[] Family =
    [
        "Abernot", "Aldermoor", "Amberley", "Ashgrove", "Barrowell", "Bellweather", "Birchfield", "Blackwater", "Bramhurst", "Calloway", "Cardoza",
        "Castellan", "Cloverdale", "Cresswick", "Dalmere", "Delacroft", "Dunmarrow", "Eastbrook", "Elmsworth", "Fairwind", "Fenwater", "Ferrano",
        "Foxglove", "Garrowby", "Glenmire", "Goldenthal", "Greymoor", "Hallowell", "Harrowgate", "Hazelden", "Hollinger", "Ironwood", "Jadeworth",
        "Kestrelman", "Kingsmead", "Larkspur", "Lindquest", "Lockridge", "Marchetto", "Meadowes", "Mistral", "Montecruz", "Nettleship", "Nightingall",
        "Northcott", "Oakhaven", "Okonjwe", "Ortegana", "Pemberlow", "Penrosette", "Quillfeather", "Ravensworth", "Redfern", "Rosewald", "Sandoval",
        "Silverlake", "Stonebridge", "Sundaram", "Tamashiro", "Thistlewood", "Umberfield", "Valdorra", "Vantongen", "Wetherby", "Willowmere",
        "Windermoor", "Winterbourne", "Yarrowson", "Yellowstream", "Zephyrine",
    ];

    public static readonly string[] Streets =
    [
        "Acorn Lane", "Birch Avenue", "Cedar Court", "Dogwood Drive", "Elder Street", "Fern Road", "Garden Way", "Hilltop Road", "Island View",
        "Juniper Street", "Kite Hill", "Lantern Street", "Maple Crescent", "North Mill Road", "Orchard Row", "Pine Terrace", "Quarry Road",
        "River Street", "Sycamore Place", "Tanager Lane", "Upper Bridge Street", "Valley Road", "Willow Bend", "Yew Tree Close",
    ];

    public static readonly Place[] Places =
    [
        new("Lakeford", "NY", "000"), new("Elm Hollow", "PA", "001"), new("Port Marrow", "NJ", "002"), new("Greyhaven", "MA", "003"),
        new("Sutter Falls", "CT", "000"), new("Three Pines", "VT", "001"), new("Millbrook Cross", "OH", "002"), new("Copper Ridge", "MI", "003"),
    ];

    public static readonly string[] Hospitals =
    [
        "Lakeford General Hospital", "Elm Hollow Community Hospital", "Port Marrow Medical Center", "Greyhaven University Hospital",
        "Sutter Falls Clinic", "Three Pines Family Health", "Millbrook Cross Memorial Hospital", "Copper Ridge Health Center",
    ];

    public static readonly string[] Insurers = ["Bluestem Mutual", "Harborlight Health Plan", "Keystone Fields Insurance", "Public Care Program"];

    /// <summary>A number of the range kept for fiction, 555-0100 to 555-0199.</summary>
    public static string Telephone(RandomSource random) => $"+1-{random.Between(201, 989)}-555-01{random.Between(0, 99):00}";
}

/// <summary>A town, its state, and the first three digits of its postal codes.</summary>
internal sealed record Place(string City, string State, string PostalPrefix)
{
    public string PostalCode(RandomSource random) => $"{PostalPrefix}{random.Between(10, 99)}";
}
