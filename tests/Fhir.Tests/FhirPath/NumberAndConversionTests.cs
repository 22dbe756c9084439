using Xunit;

namespace HealthChain.Fhir.Tests.FhirPath;

public class NumberAndConversionTests
{
    public static TheoryData<string, string> Arithmetic => Cases.Table("""
        1 + 2 => {3}
        1 + 2.5 => {3.5}
        1.10 + 1.1 => {2.20}
        3 - 5 => {-2}
        2 * 3 => {6}
        2 * 1.50 => {3.00}
        5 / 2 => {2.5}
        4 / 2 => {2}
        1 / 0 => {}
        1.5 / 0.0 => {}
        5 div 2 => {2}
        -5 div 2 => {-2}
        5.5 div 0.7 => {7}
        5 div 0 => {}
        5 mod 2 => {1}
        -5 mod 2 => {-1}
        5.5 mod 0.7 => {0.6}
        3 mod 0 => {}
        2147483647 + 1 => {}
        2147483647 * 2 => {}
        9223372036854775807L + 1L => {}
        1L + 1 => {2L}
        79228162514264337593543950335.0 * 10 => {}
        1 + {} => {}
        {} * 2 => {}
        1 + 'a' => error
        true + 1 => error
        (1 | 2) + 1 => error
        -(1) => {-1}
        -{} => {}
        -'a' => error
        +'a' => error
        1 + 2 * 3 => {7}
        (1 + 2) * 3 => {9}
        7 - 3 - 2 => {2}
        """);

    public static TheoryData<string, string> Math => Cases.Table("""
        (-5).abs() => {5}
        (-5.5).abs() => {5.5}
        (-5.5 'mg').abs() => {5.5 'mg'}
        1.1.ceiling() => {2}
        (-1.1).ceiling() => {-1}
        2.9.floor() => {2}
        (-2.1).floor() => {-3}
        101.9.truncate() => {101}
        (-1.56).truncate() => {-1}
        1.5.round() => {2}
        2.5.round() => {3}
        (-1.5).round() => {-2}
        3.14159.round(3) => {3.142}
        3.14159.round(-1) => error
        81.sqrt() => {9}
        (-1).sqrt() => {}
        0.exp() => {1}
        1.ln() => {0}
        0.ln() => {}
        16.log(2) => {4}
        100.0.log(10.0) => {2}
        2.power(3) => {8}
        2.5.power(2) => {6.25}
        2.power(-1) => {0.5}
        2.power(0) => {1}
        (-1).power(0.5) => {}
        10.power(40) => {}
        {}.abs() => {}
        'a'.abs() => error
        (1 | 2).abs() => error
        (1 | 2 | 3).sum() => {6}
        (1 | 2.5).sum() => {3.5}
        (1 | 2 | 3).avg() => {2}
        (3 | 1 | 2).min() => {1}
        ('b' | 'c' | 'a').max() => {'c'}
        {}.sum() => {}
        """);

    public static TheoryData<string, string> Conversions => Cases.Table("""
        1.toBoolean() => {true}
        0.toBoolean() => {false}
        2.toBoolean() => {}
        1.0.toBoolean() => {true}
        'T'.toBoolean() => {true}
        'yes'.toBoolean() => {true}
        'N'.toBoolean() => {false}
        '0.0'.toBoolean() => {false}
        'maybe'.toBoolean() => {}
        {}.toBoolean() => {}
        (1 | 0).toBoolean() => error
        'maybe'.convertsToBoolean() => {false}
        {}.convertsToBoolean() => {}
        '+5'.toInteger() => {5}
        '-5'.toInteger() => {-5}
        '5.0'.toInteger() => {}
        '99999999999'.toInteger() => {}
        '99999999999'.toLong() => {99999999999L}
        true.toInteger() => {1}
        1.5.toInteger() => {}
        1.toDecimal() => {1}
        '1.10'.toDecimal() => {1.10}
        '1.'.toDecimal() => {}
        '.5'.toDecimal() => {}
        '1e3'.toDecimal() => {}
        true.toDecimal() => {1.0}
        1.10.toString() => {'1.10'}
        true.toString() => {'true'}
        @2014-01-01.toString() => {'2014-01-01'}
        @2014-01-01T10:00:00.000+02:00.toString() => {'2014-01-01T10:00:00.000+02:00'}
        @T10:00.toString() => {'10:00'}
        4 days.toString() => {'4 days'}
        4 'mg'.toString() => {'4 'mg''}
        '2014'.toDate() => {@2014}
        '2014-13'.toDate() => {}
        '2014-02-30'.toDate() => {}
        '2014-01-01T10:00'.toDate() => {}
        @2014-01-01T10:00.toDate() => {@2014-01-01}
        '2014-01-01'.toDateTime() => {@2014-01-01T}
        '2014-01-01T25:00'.toDateTime() => {}
        @2014-01.toDateTime() => {@2014-01T}
        '10:30:15.5'.toTime() => {@T10:30:15.5}
        '24:00'.toTime() => {}
        1.toQuantity() => {1 '1'}
        '4 days'.toQuantity() => {4 days}
        '4 \'mg\''.toQuantity() => {4 'mg'}
        '4 mg'.toQuantity() => {}
        'x'.toQuantity() => {}
        '1 \'g\''.toQuantity('mg') => {1000 'mg'}
        '1 \'g\''.convertsToQuantity('s') => {false}
        @2014.convertsToQuantity() => {false}
        1.type().name => {'Integer'}
        (1 'mg').type().namespace => {'System'}
        1.is(System.Integer) => {true}
        1 is Decimal => {false}
        5 'mg' is Quantity => {true}
        1 is Nonsense => error
        1.ofType(Integer) => {1}
        (1 | 'a' | 2.0).ofType(String) => {'a'}
        'a' as Integer => {}
        (1 | 2) as Integer => error
        """);

    [Theory]
    [MemberData(nameof(Arithmetic))]
    [MemberData(nameof(Math))]
    [MemberData(nameof(Conversions))]
    public void Numbers(string expression, string expected) => Assert.Equal(expected, Cases.Evaluate(expression));
}
