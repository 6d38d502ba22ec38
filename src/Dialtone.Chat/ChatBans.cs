using System.Net;

namespace Dialtone.Chat;

/// <summary>Whom the operator has muted or blocked: names, addresses with a port, whole IP addresses. Safe for many threads.</summary>
internal sealed class ChatBans
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _muted = new(ChatNames.Comparer);   // under _gate
    private readonly HashSet<string> _blocked = new(ChatNames.Comparer); // under _gate

    public void Mute(string who) => Change(_muted, who, isAdded: true);

    public void Unmute(string who) => Change(_muted, who, isAdded: false);

    public void Block(string who) => Change(_blocked, who, isAdded: true);

    public void Unblock(string who) => Change(_blocked, who, isAdded: false);

    public bool IsMuted(string name, EndPoint? address) => Has(_muted, name, address);

    public bool IsBlocked(string name, EndPoint? address) => Has(_blocked, name, address);

    private void Change(HashSet<string> set, string who, bool isAdded)
    {
        lock (_gate)
        {
            if (isAdded)
                set.Add(who);
            else
                set.Remove(who);
        }
    }

    private bool Has(HashSet<string> set, string name, EndPoint? address)
    {
        lock (_gate)
        {
            if (set.Count == 0)
                return false;
            return set.Contains(name) || (address is not null && set.Contains(address.ToString()!)) || (address is IPEndPoint ip && set.Contains(ip.Address.ToString()));
        }
    }
}
