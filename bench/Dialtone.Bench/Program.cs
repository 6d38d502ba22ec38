using System.Globalization;
using Dialtone.Bench;

switch (args)
{
    case ["pack", var how, "--warmup", var warmup, var seconds]:
        Packing.Run(how, Seconds(warmup), Seconds(seconds));
        return 0;
    default:
        Console.Error.WriteLine("usage: Dialtone.Bench pack format|by-hand --warmup SECONDS SECONDS");
        return 2;
}

static TimeSpan Seconds(string text) => TimeSpan.FromSeconds(double.Parse(text, CultureInfo.InvariantCulture));
