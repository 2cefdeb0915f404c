// SPDX-License-Identifier: GPL-2.0-only

#include "flows.h"

#include <netinet/in.h>

const char flow_services[] = "ftp-data 20/tcp\n"
			     "ftp 21/tcp\n"
			     "ssh 22/tcp\n"
			     "domain 53/tcp\n"
			     "domain 53/udp\n"
			     "http 80/tcp\n"
			     "ntp 123/udp\n"
			     "nfs 2049/tcp\n"
			     "m3ua 2905/sctp\n"
			     "sip 5060/udp\n"
			     "http-alt 8080/tcp\n"
			     "rtp 16384-32767/udp\n"
			     "xsan 60000-60100/tcp\n"
			     "call 61000-61100/udp\n";

#define SYN 0x02
#define RST 0x04
#define ACK 0x10

/* What is sent: who, from which port, to whom, to which port. */
#define TCP(flags, from, source, to, destination)                                                  \
	IPPROTO_TCP, flags, FLOW_WHOLE, 0, from, to, source, destination
#define UDP(from, source, to, destination)                                                         \
	IPPROTO_UDP, 0, FLOW_WHOLE, 0, from, to, source, destination
#define LITE(from, source, to, destination)                                                        \
	IPPROTO_UDPLITE, 0, FLOW_WHOLE, 0, from, to, source, destination
#define SCTP(chunk, from, source, to, destination)                                                 \
	IPPROTO_SCTP, chunk, FLOW_WHOLE, 0, from, to, source, destination
#define DCCP(type, from, source, to, destination)                                                  \
	IPPROTO_DCCP, type, FLOW_WHOLE, 0, from, to, source, destination
#define FIRST(protocol, id, from, source, to, destination)                                         \
	IPPROTO_##protocol, 0, FLOW_FIRST, id, from, to, source, destination
#define LATER(protocol, id, from, to) IPPROTO_##protocol, 0, FLOW_LATER, id, from, to, 0, 0

/* What becomes of it: of a service, of none, in a bucket. */
#define OF(port, direction, method) -1, port, PORT_##direction, PORT_##method
#define NONE(transport, port, direction, method)                                                   \
	PORT_UNCLASSIFIED_##transport, port, PORT_##direction, PORT_##method
#define IN(bucket) PORT_##bucket, 0, PORT_TO_SERVER, PORT_HANDSHAKE

const struct flow flows[] = {
	{ "TCP to an unknown port above the client's",
	  false,
	  {
		  { "asks", 0, TCP(SYN, 'c', 33000, 's', 40000),
		    NONE(TCP, 40000, TO_SERVER, HANDSHAKE) },
		  { "accepts", 0, TCP(SYN | ACK, 's', 40000, 'c', 33000),
		    NONE(TCP, 40000, TO_CLIENT, HANDSHAKE) },
		  { "data", 0, TCP(ACK, 'c', 33000, 's', 40000),
		    NONE(TCP, 40000, TO_SERVER, ENDPOINT) },
		  { "data back", 0, TCP(ACK, 's', 40000, 'c', 33000),
		    NONE(TCP, 40000, TO_CLIENT, ENDPOINT) },
		  { "reset", 0, TCP(RST | ACK, 's', 40000, 'c', 33000),
		    NONE(TCP, 40000, TO_CLIENT, ENDPOINT) },
		  { "another client, another port, mid-flow", 0, TCP(ACK, 'd', 33333, 's', 40000),
		    NONE(TCP, 40000, TO_SERVER, ENDPOINT) },
		  { "another host has no mark", 0, TCP(ACK, 'c', 33000, 't', 40000),
		    NONE(TCP, 33000, TO_CLIENT, GUESS) },
	  } },
	{ "TCP in mid-flow, before a mark is there and after",
	  false,
	  {
		  { "before", 0, TCP(ACK, 'c', 33000, 's', 40000),
		    NONE(TCP, 33000, TO_CLIENT, GUESS) },
		  { "before, back", 0, TCP(ACK, 's', 40000, 'c', 33000),
		    NONE(TCP, 33000, TO_SERVER, GUESS) },
		  { "another client asks: no mark yet", 0, TCP(SYN, 'd', 34000, 's', 40000),
		    NONE(TCP, 40000, TO_SERVER, HANDSHAKE) },
		  { "still before", 0, TCP(ACK, 'c', 33000, 's', 40000),
		    NONE(TCP, 33000, TO_CLIENT, GUESS) },
		  { "is accepted", 0, TCP(SYN | ACK, 's', 40000, 'd', 34000),
		    NONE(TCP, 40000, TO_CLIENT, HANDSHAKE) },
		  { "after", 0, TCP(ACK, 'c', 33000, 's', 40000),
		    NONE(TCP, 40000, TO_SERVER, ENDPOINT) },
		  { "after, back", 0, TCP(ACK, 's', 40000, 'c', 33000),
		    NONE(TCP, 40000, TO_CLIENT, ENDPOINT) },
	  } },
	{ "a known port and a higher one with a mark",
	  false,
	  {
		  { "asks", 0, TCP(SYN, 'c', 8080, 's', 40000),
		    NONE(TCP, 40000, TO_SERVER, HANDSHAKE) },
		  { "accepts", 0, TCP(SYN | ACK, 's', 40000, 'c', 8080),
		    NONE(TCP, 40000, TO_CLIENT, HANDSHAKE) },
		  { "data", 0, TCP(ACK, 'c', 8080, 's', 40000),
		    NONE(TCP, 40000, TO_SERVER, ENDPOINT) },
		  { "mid-flow to another host: the entry", 0, TCP(ACK, 'c', 8080, 't', 40000),
		    OF(8080, TO_CLIENT, DATABASE) },
	  } },
	{ "a weak entry names what the handshake chose",
	  false,
	  {
		  { "asks", 0, TCP(SYN, 'c', 33000, 's', 60001), OF(60001, TO_SERVER, HANDSHAKE) },
		  { "accepts", 0, TCP(SYN | ACK, 's', 60001, 'c', 33000),
		    OF(60001, TO_CLIENT, HANDSHAKE) },
		  { "data", 0, TCP(ACK, 'c', 33000, 's', 60001), OF(60001, TO_SERVER, ENDPOINT) },
		  { "mid-flow to another host: the lower port", 0, TCP(ACK, 'c', 33000, 't', 60001),
		    NONE(TCP, 33000, TO_CLIENT, GUESS) },
	  } },
	{ "FTP, active: its data connection is to the client's port",
	  false,
	  {
		  { "control", 0, TCP(ACK, 'c', 33000, 's', 21), OF(21, TO_SERVER, DATABASE) },
		  { "asks", 0, TCP(SYN, 's', 20, 'c', 33001),
		    NONE(TCP, 33001, TO_SERVER, HANDSHAKE) },
		  { "accepts", 0, TCP(SYN | ACK, 'c', 33001, 's', 20),
		    NONE(TCP, 33001, TO_CLIENT, HANDSHAKE) },
		  { "data", 0, TCP(ACK, 's', 20, 'c', 33001),
		    NONE(TCP, 33001, TO_SERVER, ENDPOINT) },
		  { "back", 0, TCP(ACK, 'c', 33001, 's', 20),
		    NONE(TCP, 33001, TO_CLIENT, ENDPOINT) },
		  { "in use, so not forgotten", 100, TCP(ACK, 's', 20, 'c', 33001),
		    NONE(TCP, 33001, TO_SERVER, ENDPOINT) },
		  { "nor now", 100, TCP(ACK, 'c', 33001, 's', 20),
		    NONE(TCP, 33001, TO_CLIENT, ENDPOINT) },
		  { "another one, mid-flow: port 20 has the entry", 0,
		    TCP(ACK, 's', 20, 'd', 33001), OF(20, TO_CLIENT, DATABASE) },
		  { "control is not port 20", 0, TCP(ACK, 's', 21, 'c', 33000),
		    OF(21, TO_CLIENT, DATABASE) },
		  { "its mark is used elsewhere", 100, TCP(ACK, 'e', 40000, 'c', 33001),
		    NONE(TCP, 33001, TO_SERVER, ENDPOINT) },
		  { "port 20's client is forgotten, though", 70, TCP(ACK, 's', 20, 'c', 33001),
		    OF(20, TO_CLIENT, DATABASE) },
	  } },
	{ "FTP, active, to a port of a weak entry",
	  false,
	  {
		  { "accepts", 0, TCP(SYN | ACK, 'c', 60050, 's', 20),
		    OF(60050, TO_CLIENT, HANDSHAKE) },
		  { "data", 0, TCP(ACK, 's', 20, 'c', 60050), OF(60050, TO_SERVER, ENDPOINT) },
		  { "to another, mid-flow", 0, TCP(ACK, 's', 20, 'd', 60050),
		    OF(20, TO_CLIENT, DATABASE) },
	  } },
	{ "FTP, active, in mid-flow: nobody knows",
	  false,
	  {
		  { "data", 0, TCP(ACK, 's', 20, 'c', 33001), OF(20, TO_CLIENT, DATABASE) },
		  { "back", 0, TCP(ACK, 'c', 33001, 's', 20), OF(20, TO_SERVER, DATABASE) },
	  } },
	{ "whoever wants to look like a name server",
	  false,
	  {
		  { "asks for ssh from port 53", 0, TCP(SYN, 'x', 53, 's', 22),
		    OF(22, TO_SERVER, HANDSHAKE) },
		  { "is accepted", 0, TCP(SYN | ACK, 's', 22, 'x', 53),
		    OF(22, TO_CLIENT, HANDSHAKE) },
		  { "data: ssh by its mark", 0, TCP(ACK, 'x', 53, 's', 22),
		    OF(22, TO_SERVER, ENDPOINT) },
		  { "asks for an unknown port", 0, TCP(SYN, 'x', 53, 's', 4444),
		    NONE(TCP, 4444, TO_SERVER, HANDSHAKE) },
		  { "is accepted there", 0, TCP(SYN | ACK, 's', 4444, 'x', 53),
		    NONE(TCP, 4444, TO_CLIENT, HANDSHAKE) },
		  { "data there", 0, TCP(ACK, 'x', 53, 's', 4444),
		    NONE(TCP, 4444, TO_SERVER, ENDPOINT) },
		  { "a true question, mid-flow", 0, TCP(ACK, 'c', 33000, 'n', 53),
		    OF(53, TO_SERVER, DATABASE) },
		  { "a true one, accepted", 0, TCP(SYN | ACK, 'n', 53, 'd', 33000),
		    OF(53, TO_CLIENT, HANDSHAKE) },
		  { "and its answer", 0, TCP(ACK, 'n', 53, 'd', 33000),
		    OF(53, TO_CLIENT, ENDPOINT) },
		  { "UDP is not concerned", 0, UDP('n', 53, 's', 4444),
		    OF(53, TO_CLIENT, DATABASE) },
	  } },
	{ "UDP between unknown ports: both directions together",
	  false,
	  {
		  { "there", 0, UDP('c', 40000, 's', 45000), NONE(UDP, 45000, TO_SERVER, GUESS) },
		  { "back", 0, UDP('s', 45000, 'c', 40000), NONE(UDP, 45000, TO_CLIENT, ENDPOINT) },
		  { "there again", 0, UDP('c', 40000, 's', 45000),
		    NONE(UDP, 45000, TO_SERVER, ENDPOINT) },
		  { "another client", 0, UDP('d', 50000, 's', 45000),
		    NONE(UDP, 45000, TO_SERVER, ENDPOINT) },
		  { "the server asks elsewhere: it is marked", 0, UDP('s', 45000, 't', 46000),
		    NONE(UDP, 45000, TO_CLIENT, ENDPOINT) },
		  { "TCP does not know of it", 0, TCP(ACK, 'c', 40000, 's', 45000),
		    NONE(TCP, 40000, TO_CLIENT, GUESS) },
		  { "UDP-Lite has UDP's ports", 0, LITE('s', 45000, 'd', 40000),
		    NONE(UDP, 45000, TO_CLIENT, ENDPOINT) },
	  } },
	{ "UDP, first seen on its way back",
	  false,
	  {
		  { "back, from a lower class", 0, UDP('s', 5060, 'c', 45000),
		    OF(5060, TO_CLIENT, DATABASE) },
		  { "there", 0, UDP('c', 45000, 's', 5060), OF(5060, TO_SERVER, ENDPOINT) },
		  { "back, in one class: wrong, but together", 0, UDP('s', 2000, 'c', 3000),
		    NONE(UDP, 3000, TO_SERVER, GUESS) },
		  { "there, likewise", 0, UDP('c', 3000, 's', 2000),
		    NONE(UDP, 3000, TO_CLIENT, ENDPOINT) },
		  { "a weak entry names it", 0, UDP('c', 50000, 's', 61001),
		    OF(61001, TO_SERVER, DATABASE) },
		  { "and its answer", 0, UDP('s', 61001, 'c', 50000),
		    OF(61001, TO_CLIENT, ENDPOINT) },
	  } },
	{ "UDP between equal ports: only who was asked is marked",
	  false,
	  {
		  { "there", 0, UDP('a', 5000, 'b', 5000), NONE(UDP, 5000, TO_SERVER, GUESS) },
		  { "back", 0, UDP('b', 5000, 'a', 5000), NONE(UDP, 5000, TO_SERVER, ENDPOINT) },
		  { "who asked is not marked", 0, UDP('a', 5000, 'c', 6000),
		    NONE(UDP, 6000, TO_SERVER, GUESS) },
		  { "who was asked is", 0, UDP('b', 5000, 'd', 6000),
		    NONE(UDP, 5000, TO_CLIENT, ENDPOINT) },
	  } },
	{ "TCP between equal ports",
	  false,
	  {
		  { "asks", 0, TCP(SYN, 'a', 2049, 'b', 2049), OF(2049, TO_SERVER, HANDSHAKE) },
		  { "accepts", 0, TCP(SYN | ACK, 'b', 2049, 'a', 2049),
		    OF(2049, TO_SERVER, HANDSHAKE) },
		  { "data back", 0, TCP(ACK, 'b', 2049, 'a', 2049), OF(2049, TO_SERVER, ENDPOINT) },
		  { "who asked is not marked", 0, TCP(ACK, 'a', 2049, 'c', 8080),
		    OF(2049, TO_CLIENT, TIE) },
		  { "who accepted is", 0, TCP(ACK, 'b', 2049, 'c', 80),
		    OF(2049, TO_CLIENT, ENDPOINT) },
	  } },
	{ "both endpoints are marked",
	  false,
	  {
		  { "one accepts", 0, TCP(SYN | ACK, 'a', 6000, 'c', 33000),
		    NONE(TCP, 6000, TO_CLIENT, HANDSHAKE) },
		  { "one alone", 0, TCP(ACK, 'b', 5000, 'a', 6000),
		    NONE(TCP, 6000, TO_SERVER, ENDPOINT) },
		  { "the other accepts", 0, TCP(SYN | ACK, 'b', 5000, 'c', 33000),
		    NONE(TCP, 5000, TO_CLIENT, HANDSHAKE) },
		  { "both: the lower port", 0, TCP(ACK, 'b', 5000, 'a', 6000),
		    NONE(TCP, 5000, TO_CLIENT, GUESS) },
		  { "UDP, one", 0, UDP('c', 41000, 'a', 42000),
		    NONE(UDP, 42000, TO_SERVER, GUESS) },
		  { "UDP, the other", 0, UDP('c', 41000, 'b', 43000),
		    NONE(UDP, 43000, TO_SERVER, GUESS) },
		  { "UDP, both: the destination", 0, UDP('a', 42000, 'b', 43000),
		    NONE(UDP, 43000, TO_SERVER, GUESS) },
		  { "back, likewise", 100, UDP('b', 43000, 'a', 42000),
		    NONE(UDP, 42000, TO_SERVER, GUESS) },
		  { "their marks end, as neither was renewed", 70, UDP('b', 43000, 'a', 42000),
		    NONE(UDP, 42000, TO_SERVER, GUESS) },
		  { "now one is marked", 0, UDP('a', 42000, 'b', 43000),
		    NONE(UDP, 42000, TO_CLIENT, ENDPOINT) },
	  } },
	{ "marks grow old",
	  false,
	  {
		  { "accepts", 0, TCP(SYN | ACK, 's', 40000, 'c', 33000),
		    NONE(TCP, 40000, TO_CLIENT, HANDSHAKE) },
		  { "three epochs on", 122, TCP(ACK, 'c', 33000, 's', 40000),
		    NONE(TCP, 40000, TO_SERVER, ENDPOINT) },
		  { "use has renewed it", 122, TCP(ACK, 's', 40000, 'c', 33000),
		    NONE(TCP, 40000, TO_CLIENT, ENDPOINT) },
		  { "four epochs on", 164, TCP(ACK, 'c', 33000, 's', 40000),
		    NONE(TCP, 33000, TO_CLIENT, GUESS) },
		  { "UDP", 0, UDP('c', 40000, 's', 45000), NONE(UDP, 45000, TO_SERVER, GUESS) },
		  { "UDP, three epochs on", 122, UDP('s', 45000, 'c', 40000),
		    NONE(UDP, 45000, TO_CLIENT, ENDPOINT) },
		  { "UDP, four epochs on", 164, UDP('s', 45000, 'c', 40000),
		    NONE(UDP, 40000, TO_SERVER, GUESS) },
	  } },
	{ "SCTP",
	  false,
	  {
		  { "INIT", 0, SCTP(1, 'c', 33000, 's', 40000),
		    NONE(SCTP, 40000, TO_SERVER, HANDSHAKE) },
		  { "INIT ACK", 0, SCTP(2, 's', 40000, 'c', 33000),
		    NONE(SCTP, 40000, TO_CLIENT, HANDSHAKE) },
		  { "DATA", 0, SCTP(0, 'c', 33000, 's', 40000),
		    NONE(SCTP, 40000, TO_SERVER, ENDPOINT) },
		  { "DATA back", 0, SCTP(0, 's', 40000, 'c', 33000),
		    NONE(SCTP, 40000, TO_CLIENT, ENDPOINT) },
		  { "ABORT", 0, SCTP(6, 'c', 33000, 's', 40000),
		    NONE(SCTP, 40000, TO_SERVER, ENDPOINT) },
		  { "mid-flow", 0, SCTP(3, 'd', 2905, 's', 41000), OF(2905, TO_CLIENT, DATABASE) },
		  { "mid-flow, back", 0, SCTP(3, 's', 41000, 'd', 2905),
		    OF(2905, TO_SERVER, ENDPOINT) },
	  } },
	{ "DCCP",
	  false,
	  {
		  { "Request", 0, DCCP(0, 'c', 33000, 's', 40000),
		    NONE(DCCP, 40000, TO_SERVER, HANDSHAKE) },
		  { "Response", 0, DCCP(1, 's', 40000, 'c', 33000),
		    NONE(DCCP, 40000, TO_CLIENT, HANDSHAKE) },
		  { "DataAck", 0, DCCP(4, 'c', 33000, 's', 40000),
		    NONE(DCCP, 40000, TO_SERVER, ENDPOINT) },
		  { "Reset", 0, DCCP(7, 's', 40000, 'c', 33000),
		    NONE(DCCP, 40000, TO_CLIENT, ENDPOINT) },
	  } },
	{ "a later fragment before its first, and behind it",
	  false,
	  {
		  { "before", 0, LATER(UDP, 7, 'n', 'c'), IN(FRAGMENT) },
		  { "first", 0, FIRST(UDP, 7, 'n', 53, 'c', 33000), OF(53, TO_CLIENT, DATABASE) },
		  { "behind", 0, LATER(UDP, 7, 'n', 'c'), OF(53, TO_CLIENT, DATABASE) },
		  { "again", 0, LATER(UDP, 7, 'n', 'c'), OF(53, TO_CLIENT, DATABASE) },
		  { "another datagram", 0, LATER(UDP, 8, 'n', 'c'), IN(FRAGMENT) },
		  { "another sender", 0, LATER(UDP, 7, 'm', 'c'), IN(FRAGMENT) },
		  { "another receiver", 0, LATER(UDP, 7, 'n', 'd'), IN(FRAGMENT) },
		  { "the way back", 0, LATER(UDP, 7, 'c', 'n'), IN(FRAGMENT) },
		  { "the number is used anew", 0, FIRST(UDP, 7, 'n', 5060, 'c', 33000),
		    OF(5060, TO_CLIENT, DATABASE) },
		  { "so the rest is the new one's", 0, LATER(UDP, 7, 'n', 'c'),
		    OF(5060, TO_CLIENT, DATABASE) },
	  } },
	{ "fragments of two datagrams at once",
	  false,
	  {
		  { "one", 0, FIRST(UDP, 1, 'c', 40000, 's', 45000),
		    NONE(UDP, 45000, TO_SERVER, GUESS) },
		  { "other", 0, FIRST(UDP, 2, 'c', 40000, 's', 5060),
		    OF(5060, TO_SERVER, DATABASE) },
		  { "rest of one", 0, LATER(UDP, 1, 'c', 's'), NONE(UDP, 45000, TO_SERVER, GUESS) },
		  { "rest of the other", 0, LATER(UDP, 2, 'c', 's'),
		    OF(5060, TO_SERVER, DATABASE) },
		  { "more of one", 0, LATER(UDP, 1, 'c', 's'), NONE(UDP, 45000, TO_SERVER, GUESS) },
	  } },
	{ "a connection that is asked for in fragments",
	  false,
	  {
		  { "first", 0, IPPROTO_TCP, SYN, FLOW_FIRST, 7, 'c', 's', 33000, 40000,
		    NONE(TCP, 40000, TO_SERVER, HANDSHAKE) },
		  { "later", 0, LATER(TCP, 7, 'c', 's'), NONE(TCP, 40000, TO_SERVER, HANDSHAKE) },
		  { "is accepted", 0, IPPROTO_TCP, SYN | ACK, FLOW_FIRST, 8, 's', 'c', 40000, 33000,
		    NONE(TCP, 40000, TO_CLIENT, HANDSHAKE) },
		  { "later, back", 0, LATER(TCP, 8, 's', 'c'),
		    NONE(TCP, 40000, TO_CLIENT, HANDSHAKE) },
		  { "data", 0, TCP(ACK, 'c', 33000, 's', 40000),
		    NONE(TCP, 40000, TO_SERVER, ENDPOINT) },
	  } },
	{ "a fragment is waited for a minute",
	  false,
	  {
		  { "first", 0, FIRST(UDP, 7, 'n', 53, 'c', 33000), OF(53, TO_CLIENT, DATABASE) },
		  { "in time", 60, LATER(UDP, 7, 'n', 'c'), OF(53, TO_CLIENT, DATABASE) },
		  { "too late: the first was 61 seconds ago", 1, LATER(UDP, 7, 'n', 'c'),
		    IN(FRAGMENT) },
	  } },
	{ "IPv4: the datagram's protocol is part of its name",
	  true,
	  {
		  { "first", 0, FIRST(UDP, 7, 'n', 53, 'c', 33000), OF(53, TO_CLIENT, DATABASE) },
		  { "of TCP", 0, LATER(TCP, 7, 'n', 'c'), IN(FRAGMENT) },
		  { "of UDP", 0, LATER(UDP, 7, 'n', 'c'), OF(53, TO_CLIENT, DATABASE) },
	  } },
	{ "fragments without ports",
	  false,
	  {
		  { "first", 0, FIRST(ICMP, 7, 'c', 0, 's', 0), IN(ICMP) },
		  { "later", 0, LATER(ICMP, 7, 'c', 's'), IN(FRAGMENT) },
	  } },
};
const size_t flows_len = sizeof(flows) / sizeof(flows[0]);
