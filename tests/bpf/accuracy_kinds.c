// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which flows there are. No two networks have the same mixture; this is that of an office or a
 * large household, with more than its share of what is hard: services on ports that no database
 * has, peers, media, active FTP. The test prints the outcome of each kind, so that what another
 * mixture comes to can be worked out.
 */
#include "accuracy.h"

/* Of 1,000 flows, how many; with how many packets: few to many on a logarithmic scale. */
#define TCP(weight, min, max) PORT_TCP, weight, min, max
#define UDP(weight, min, max) PORT_UDP, weight, min, max

const struct accuracy_kind accuracy_kinds[] = {
	/* Most connections anywhere; a few to a server on the LAN. */
	{ "web",
	  TCP(550, 5, 200),
	  PORTS_FIXED,
	  PORTS_EPHEMERAL,
	  { 443, 443, 443, 80 },
	  .to_client = 650,
	  .inside = 20 },
	/* Mail, SSH, LDAP, SMB, printers. */
	{ "firm port", TCP(100, 5, 200), PORTS_FIRM, PORTS_EPHEMERAL, .to_client = 500,
	  .inside = 100 },
	/* IMAP and POP in TLS are firm; this is RDP, SIP, push services and the like. */
	{ "known port >= 1024", TCP(80, 5, 200), PORTS_KNOWN, PORTS_EPHEMERAL, .to_client = 500,
	  .inside = 100 },
	/* Databases, caches, consoles: assigned by IANA, unknown to the built-in database. */
	{ "registered port", TCP(70, 5, 200), PORTS_REGISTERED, PORTS_EPHEMERAL, .to_client = 500,
	  .inside = 100 },
	/* Ports that a range stands for. */
	{ "port of a range", TCP(30, 5, 200), PORTS_RANGE, PORTS_EPHEMERAL, .to_client = 500,
	  .inside = 100 },
	/* Services of somebody's own, moved ones among them. */
	{ "unknown port < 32768", TCP(50, 5, 200), PORTS_UNKNOWN, PORTS_EPHEMERAL, .to_client = 500,
	  .inside = 200 },
	/* RPC, file sharing between applications, whatever the system gave it. */
	{ "dynamic port", TCP(30, 5, 200), PORTS_DYNAMIC, PORTS_EPHEMERAL, .to_client = 500,
	  .inside = 200 },
	/* Rare today, and what every accountant gets wrong: one control connection, */
	{ "ftp control", TCP(10, 10, 60), PORTS_FIXED, PORTS_EPHEMERAL, { 21 }, .to_client = 500 },
	/* to a port that the server tells there, */
	{ "ftp data, passive", TCP(15, 5, 200), PORTS_ANY, PORTS_EPHEMERAL, .to_client = 650 },
	/* or from port 20 to one that the client tells there. */
	{ "ftp data, active", TCP(5, 5, 200), PORTS_EPHEMERAL, PORTS_FIXED, .fixed_client = 20,
	  .to_client = 350, .inside = 900 },
	/* Whoever wants to be taken for a name server. */
	{ "from port 53", TCP(5, 5, 200), PORTS_UNKNOWN, PORTS_FIXED, .fixed_client = 53,
	  .to_client = 500, .inside = 300 },
	/* Each peer listens on a port of its own and connects from others. */
	{ "peer to peer", TCP(55, 5, 200), PORTS_PEER, PORTS_EPHEMERAL, .to_client = 500,
	  .inside = 500 },

	/* A question and its answer: many flows, few packets. */
	{ "dns", UDP(260, 2, 4), PORTS_FIXED, PORTS_EPHEMERAL, { 53 }, .to_client = 500 },
	/* Resolvers draw their ports from all that there are. */
	{ "dns of a resolver", UDP(60, 2, 4), PORTS_FIXED, PORTS_ANY, { 53 }, .to_client = 500 },
	/* The web again, and most packets. */
	{ "quic", UDP(280, 5, 50), PORTS_FIXED, PORTS_EPHEMERAL, { 443 }, .to_client = 750 },
	/* NTP daemons use one port for both, */
	{ "ntp, equal ports", UDP(20, 2, 4), PORTS_FIXED, PORTS_SAME, { 123 }, .to_client = 500 },
	/* simple clients do not. */
	{ "ntp", UDP(20, 2, 2), PORTS_FIXED, PORTS_EPHEMERAL, { 123 }, .to_client = 500 },
	/* SNMP, NetBIOS, LDAP. */
	{ "firm port", UDP(20, 2, 20), PORTS_FIRM, PORTS_EPHEMERAL, .to_client = 500,
	  .inside = 200 },
	/* No answer ever. */
	{ "syslog",
	  UDP(15, 1, 50),
	  PORTS_FIXED,
	  PORTS_EPHEMERAL,
	  { 514 },
	  .to_client = ACCURACY_ONE_WAY,
	  .inside = 300 },
	/* Before each call. */
	{ "stun", UDP(30, 2, 6), PORTS_FIXED, PORTS_EPHEMERAL, { 3478 }, .to_client = 500 },
	/* Telephones use the server's own port. */
	{ "sip, equal ports", UDP(10, 2, 10), PORTS_FIXED, PORTS_SAME, { 5060 }, .to_client = 500 },
	/* L2TP, SSDP, VXLAN, RADIUS. */
	{ "known port >= 1024", UDP(40, 2, 50), PORTS_KNOWN, PORTS_EPHEMERAL, .to_client = 500,
	  .inside = 100 },
	/* As with TCP. */
	{ "registered port", UDP(40, 2, 50), PORTS_REGISTERED, PORTS_EPHEMERAL, .to_client = 500,
	  .inside = 100 },
	{ "port of a range", UDP(20, 2, 50), PORTS_RANGE, PORTS_EPHEMERAL, .to_client = 500,
	  .inside = 100 },
	{ "unknown port < 32768", UDP(30, 2, 50), PORTS_UNKNOWN, PORTS_EPHEMERAL, .to_client = 500,
	  .inside = 100 },
	/* Conference and voice servers. */
	{ "dynamic port", UDP(35, 2, 50), PORTS_DYNAMIC, PORTS_EPHEMERAL, .to_client = 500,
	  .inside = 100 },
	/* Voice between two telephones, each with a port from the usual range, */
	{ "media, both ways", UDP(15, 20, 50), PORTS_MEDIA, PORTS_MEDIA, .to_client = 500,
	  .inside = 500 },
	/* and where only one of them speaks. */
	{ "media, one way", UDP(10, 20, 50), PORTS_MEDIA, PORTS_MEDIA,
	  .to_client = ACCURACY_ONE_WAY, .inside = 500 },
	/* WireGuard and IPsec behind NAT, from any port, */
	{ "vpn", UDP(15, 20, 50), PORTS_FIXED, PORTS_EPHEMERAL, { 51820, 4500 }, .to_client = 600 },
	/* and from their own. */
	{ "vpn, equal ports",
	  UDP(5, 20, 50),
	  PORTS_FIXED,
	  PORTS_SAME,
	  { 51820, 4500, 500 },
	  .to_client = 500 },
	/* Steady streams in both directions. */
	{ "game",
	  UDP(25, 20, 50),
	  PORTS_FIXED,
	  PORTS_EPHEMERAL,
	  { 27015, 27036, 7777, 3074 },
	  .to_client = 550 },
	/* Announcements to a group. */
	{ "mdns", UDP(10, 1, 4), PORTS_FIXED, PORTS_SAME, { 5353 }, .to_client = ACCURACY_ONE_WAY },
	/* Each node asks and is asked, from and at one and the same port: */
	{ "dht", UDP(25, 2, 4), PORTS_PEER, PORTS_PEER, .to_client = 500, .inside = 500 },
	/* and sends files from there too. */
	{ "file sharing", UDP(15, 5, 50), PORTS_PEER, PORTS_PEER, .to_client = 500, .inside = 500 },
};

/* Outside, more hosts are seen behind NAT that rewrites ports: that of carriers. */
const struct accuracy_policy accuracy_policies[ACCURACY_POLICIES] = {
	{ 32768, 60999, 50, 30 }, /* Linux, Android */
	{ 49152, 65535, 40, 25 }, /* Windows, Apple */
	{ 1024, 65535, 5, 40 },   /* behind NAT */
	{ 1025, 5000, 5, 5 },     /* Windows before 2008, small devices */
};

const size_t accuracy_kinds_count = sizeof(accuracy_kinds) / sizeof(accuracy_kinds[0]);

_Static_assert(sizeof(accuracy_kinds) / sizeof(accuracy_kinds[0]) <= ACCURACY_KIND_CAPTURED,
	       "there is room for that of captures");
