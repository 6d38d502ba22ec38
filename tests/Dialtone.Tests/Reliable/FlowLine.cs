using System.Text;

namespace Dialtone.Tests.Reliable;

/// <summary>Two flows, a line between them that behaves badly by a seed, and a clock of its own.</summary>
internal sealed class FlowLine
{
    private readonly Random _random;
    private readonly PriorityQueue<(Side To, byte[] Packet), (long At, long Order)> _travelling = new();
    private long _order;

    public FlowLine(int seed, FlowOptions? options = null)
    {
        _random = new Random(seed);
        var secret = new byte[FlowKeys.SecretBytes];
        _random.NextBytes(secret);
        var keys = new FlowKeys((ulong)_random.NextInt64(), secret);
        Client = new Side(this, new Flow(keys, isServer: false, options ?? new FlowOptions(), now: 0));
        Server = new Side(this, new Flow(keys, isServer: true, options ?? new FlowOptions(), now: 0));
    }

    public Side Client { get; }

    public Side Server { get; }

    public long Now { get; private set; }

    public double Loss { get; set; }

    public double Duplication { get; init; }

    public double Reordering { get; init; }

    public long Delay { get; init; } = 1000;

    public bool Keep { get; init; }

    public bool ServerTakes { get; set; } = true;

    public List<byte[]> Kept { get; } = [];

    public HashSet<byte[]> FromClient { get; } = [];

    public int PacketsSent { get; private set; }

    /// <summary>Until nothing is left to do but to stay in touch, or until a time.</summary>
    public void Run(long? until = null)
    {
        while (true)
        {
            Pump(Client, Server);
            Pump(Server, Client);
            Client.Hear();
            Server.Hear();
            if (until is null && _travelling.Count == 0 && Client.Flow.IsQuiet && Server.Flow.IsQuiet)
                return;
            long next = Math.Min(Client.Flow.WakeAt(), Server.Flow.WakeAt());
            if (_travelling.TryPeek(out _, out (long At, long Order) first))
                next = Math.Min(next, first.At);
            next = Math.Max(next, Now + 1);
            if (next > (until ?? 3_600_000_000))
            {
                Now = until ?? Now;
                return;
            }

            Now = next;
            while (_travelling.TryPeek(out _, out first) && first.At <= Now)
            {
                (Side to, byte[] packet) = _travelling.Dequeue();
                to.Flow.Receive(packet, Now, out _);
                to.Hear();
            }
        }
    }

    private void Pump(Side from, Side to)
    {
        var buffer = new byte[1200];
        while (from.Flow.Next(buffer, Now) is > 0 and var length)
        {
            PacketsSent++;
            byte[] packet = buffer[..length];
            if (Keep)
                Kept.Add(packet);
            if (from == Client)
                FromClient.Add(packet);
            int copies = _random.NextDouble() < Loss ? 0 : _random.NextDouble() < Duplication ? 2 : 1;
            for (; copies > 0; copies--)
            {
                long late = _random.NextDouble() < Reordering ? _random.NextInt64(Delay * 2) : 0;
                _travelling.Enqueue((to, packet), (Now + Delay + late, _order++));
            }
        }
    }

    public sealed class Side
    {
        private readonly FlowLine _line;

        public Side(FlowLine line, Flow flow) => (_line, Flow) = (line, flow);

        private int _untaken;

        public Flow Flow { get; }

        public List<byte[]> Messages { get; } = [];

        public IEnumerable<string> Texts => Messages.Select(Encoding.UTF8.GetString);

        public void Hear()
        {
            while (Flow.Take() is { } message)
            {
                Messages.Add(message);
                if (_line.ServerTakes)
                    Flow.Taken(message.Length);
                else
                    _untaken += message.Length;
            }

            foreach (FlowMessage message in Flow.TakeFinished() ?? [])
                message.Tell();
        }

        public void TakeAll()
        {
            Flow.Taken(_untaken);
            _untaken = 0;
        }

        public Sending Send(string text) => Send(Encoding.UTF8.GetBytes(text));

        public Sending Send(byte[] content)
        {
            var sending = new Sending { Begun = _line.Now };
            Flow.Send(
                new FlowMessage(content, outcome =>
                {
                    Assert.Null(sending.Outcome);
                    sending.Outcome = outcome;
                    sending.Done?.Invoke(_line.Now);
                }),
                _line.Now);
            return sending;
        }
    }

    public sealed class Sending
    {
        public long Begun { get; init; }

        public FlowEnd? Outcome { get; set; }

        public Action<long>? Done { get; set; }
    }
}
