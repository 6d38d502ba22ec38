using System.Globalization;
using System.Runtime.InteropServices;
using Dialtone.Bench;

using var stopping = new CancellationTokenSource();
using var onTerm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
{
    signal.Cancel = true;
    stopping.Cancel();
});

switch (args)
{
    case ["receive", var path]:
        await Receiving.RunAsync(path, stopping.Token);
        return 0;
    case ["tls-serve", var path, var certificateFolder]:
        await TlsCopying.ServeAsync(path, certificateFolder, stopping.Token);
        return 0;
    case ["tls-fetch", var port]:
        await TlsCopying.FetchAsync(int.Parse(port, CultureInfo.InvariantCulture));
        return 0;
    case ["pack", var how, "--warmup", var warmup, var seconds]:
        Packing.Run(how, Seconds(warmup), Seconds(seconds));
        return 0;
    case ["run-true", var address, var keyFile, var count]:
        await RemoteCommands.RunAsync(address, keyFile, Number(count));
        return 0;
    case ["flows", var clients, var messages, var window]:
        await Flows.FanOutAsync(Number(clients), Number(messages), Number(window));
        return 0;
    case ["chat-plain", var how]:
        await PlainChat.RunAsync(how == "at-once", stopping.Token);
        return 0;
    case ["chat-serve", var certificateFolder]:
        await NativeChat.ServeAsync(certificateFolder, stopping.Token);
        return 0;
    case ["chat-fan", var address, var clients, var messages, var window]:
        await NativeChat.FanOutAsync(address, Number(clients), Number(messages), Number(window));
        return 0;
    case ["chat-crowd", var address, var clients]:
        await NativeChat.CrowdAsync(address, Number(clients), stopping.Token);
        return 0;
    default:
        Console.Error.WriteLine("""
            usage: Dialtone.Bench receive PATH
                   Dialtone.Bench tls-serve PATH CERTIFICATE-FOLDER
                   Dialtone.Bench tls-fetch PORT
                   Dialtone.Bench run-true ADDRESS HMAC-KEY-FILE COUNT
                   Dialtone.Bench chat-plain at-once|desk
                   Dialtone.Bench chat-serve CERTIFICATE-FOLDER
                   Dialtone.Bench chat-fan ADDRESS CLIENTS MESSAGES WINDOW
                   Dialtone.Bench chat-crowd ADDRESS CLIENTS
                   Dialtone.Bench pack format|by-hand --warmup SECONDS SECONDS
                   Dialtone.Bench flows CLIENTS MESSAGES WINDOW
            """);
        return 2;
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static TimeSpan Seconds(string text) => TimeSpan.FromSeconds(double.Parse(text, CultureInfo.InvariantCulture));
