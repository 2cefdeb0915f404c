// SPDX-License-Identifier: GPL-2.0-only

#include "resolve_rows.h"

#define TCP PORT_TCP
#define UDP PORT_UDP
#define SYN 0x02
#define RST 0x04
#define ACK 0x10

#define V RESOLVE_VALUE
#define FIRM RESOLVE_FIRM
#define WEAK RESOLVE_WEAK

#define TO_SERVER PORT_TO_SERVER
#define TO_CLIENT PORT_TO_CLIENT

#define SOURCE_SERVES RESOLVE_SOURCE_SERVES
#define DESTINATION_SERVES RESOLVE_DESTINATION_SERVES
#define CLIENTS RESOLVE_HAS_CLIENTS

/* A description; the frame, as in resolve_rows.h; slot, direction and method. */
#define ROW(desc, transport, flags, source_port, destination_port, source, destination, evidence,  \
	    slot, direction, method)                                                               \
	{                                                                                          \
		desc, { transport, flags,       source_port, destination_port,                     \
			source,    destination, evidence },                                        \
			slot, direction, PORT_##method                                             \
	}

const struct resolve_row resolve_rows[] = {
	/* Rule 1. */
	ROW("SYN: the destination", TCP, SYN, 50000, 8080, 0, V(9, 1), 0, 1, TO_SERVER, HANDSHAKE),
	ROW("SYN: the destination, though the source is firm", TCP, SYN, 20, 50000, FIRM(9, 1),
	    WEAK(9, 2), 0, 2, TO_SERVER, HANDSHAKE),
	ROW("SYN: the destination, though the source is marked", TCP, SYN, 8080, 50000, V(9, 1), 0,
	    SOURCE_SERVES, 0, TO_SERVER, HANDSHAKE),
	ROW("SYN to a port without entry", TCP, SYN, 443, 50000, FIRM(9, 1), 0, 0, 0, TO_SERVER,
	    HANDSHAKE),
	ROW("SYN to a weak port, from a low one", TCP, SYN, 1000, 50000, 0, WEAK(9, 1), 0, 1,
	    TO_SERVER, HANDSHAKE),
	ROW("SYN with CWR and ECE", TCP, SYN | 0xc0, 50000, 8080, 0, V(9, 1), 0, 1, TO_SERVER,
	    HANDSHAKE),
	ROW("SYN and RST is a SYN", TCP, SYN | RST, 80, 50000, FIRM(9, 1), 0, 0, 0, TO_SERVER,
	    HANDSHAKE),
	ROW("SYN and ACK: the source", TCP, SYN | ACK, 8080, 50000, V(9, 1), 0, 0, 1, TO_CLIENT,
	    HANDSHAKE),
	ROW("SYN and ACK: the source, though the destination is firm", TCP, SYN | ACK, 50000, 443,
	    WEAK(1, 1), FIRM(9, 2), 0, 1, TO_CLIENT, HANDSHAKE),
	ROW("SYN and ACK: the source, though the destination is marked", TCP, SYN | ACK, 50000,
	    8080, 0, V(9, 1), DESTINATION_SERVES, 0, TO_CLIENT, HANDSHAKE),
	ROW("SYN and ACK from a port without entry", TCP, SYN | ACK, 50000, 443, 0, FIRM(9, 2), 0,
	    0, TO_CLIENT, HANDSHAKE),
	ROW("SYN and ACK and RST", TCP, SYN | ACK | RST, 50000, 443, 0, FIRM(9, 2), 0, 0, TO_CLIENT,
	    HANDSHAKE),
	ROW("SYN and ACK between equal ports", TCP, SYN | ACK, 179, 179, FIRM(9, 1), FIRM(9, 1), 0,
	    1, TO_SERVER, HANDSHAKE),
	ROW("SYN between equal ports", TCP, SYN, 179, 179, FIRM(9, 1), FIRM(9, 1), 0, 1, TO_SERVER,
	    HANDSHAKE),
	ROW("SCTP's INIT", PORT_SCTP, SYN, 80, 50000, FIRM(9, 1), 0, 0, 0, TO_SERVER, HANDSHAKE),
	ROW("DCCP's Response", PORT_DCCP, SYN | ACK, 50000, 80, 0, FIRM(9, 1), 0, 0, TO_CLIENT,
	    HANDSHAKE),
	ROW("ACK alone is no handshake", TCP, ACK, 50000, 80, 0, FIRM(9, 1), 0, 1, TO_SERVER,
	    DATABASE),
	ROW("RST is no handshake", TCP, RST | ACK, 80, 50000, FIRM(9, 1), 0, 0, 1, TO_CLIENT,
	    DATABASE),
	ROW("FIN is no handshake", TCP, 0x01, 80, 50000, FIRM(9, 1), 0, 0, 1, TO_CLIENT, DATABASE),

	/* Rule 2. */
	ROW("firm destination, no entry at the source", UDP, 0, 40000, 53, 0, FIRM(1, 1), 0, 1,
	    TO_SERVER, DATABASE),
	ROW("firm source, no entry at the destination", UDP, 0, 53, 40000, FIRM(1, 1), 0, 0, 1,
	    TO_CLIENT, DATABASE),
	ROW("firm against weak of higher rank", TCP, ACK, 50000, 443, WEAK(9, 1), FIRM(5, 2), 0, 2,
	    TO_SERVER, DATABASE),
	ROW("firm against weak of higher rank, at the source", UDP, 0, 53, 50000, FIRM(5, 2),
	    WEAK(9, 1), 0, 2, TO_CLIENT, DATABASE),
	ROW("firm, though the other one is marked", TCP, ACK, 53, 40000, FIRM(1, 1), 0,
	    DESTINATION_SERVES, 1, TO_CLIENT, DATABASE),
	ROW("firm, though the other one is weak and marked", TCP, ACK, 40000, 53, WEAK(1, 2),
	    FIRM(1, 1), SOURCE_SERVES, 1, TO_SERVER, DATABASE),
	ROW("firm, though the other port is lower", TCP, ACK, 25, 1, FIRM(1, 1), 0, 0, 1, TO_CLIENT,
	    DATABASE),
	ROW("not firm against an entry of higher rank", TCP, ACK, 53, 5353, FIRM(5, 1), V(6, 2), 0,
	    2, TO_SERVER, TIE),
	ROW("not below 1024, not firm: a mark decides", TCP, ACK, 1024, 50000, V(9, 1), 0,
	    DESTINATION_SERVES, 0, TO_SERVER, ENDPOINT),
	ROW("firm with clients, and the other one is marked", TCP, ACK, 20, 50000, FIRM(9, 1), 0,
	    DESTINATION_SERVES | CLIENTS, 0, TO_SERVER, ENDPOINT),
	ROW("firm with clients, and it is marked", TCP, ACK, 20, 50000, FIRM(9, 1), 0,
	    SOURCE_SERVES | CLIENTS, 1, TO_CLIENT, ENDPOINT),
	ROW("firm with clients, and no marks", TCP, ACK, 20, 50000, FIRM(9, 1), 0, CLIENTS, 1,
	    TO_CLIENT, DATABASE),
	ROW("clients do not make what is not firm so", UDP, 0, 53, 53, 0, 0, CLIENTS, 0, TO_SERVER,
	    GUESS),

	/* Rule 3. */
	ROW("marked destination", TCP, ACK, 2000, 3000, 0, 0, DESTINATION_SERVES, 0, TO_SERVER,
	    ENDPOINT),
	ROW("marked source", UDP, 0, 2000, 3000, 0, 0, SOURCE_SERVES, 0, TO_CLIENT, ENDPOINT),
	ROW("marked, against the only entry", TCP, ACK, 8080, 50000, V(9, 1), 0, DESTINATION_SERVES,
	    0, TO_SERVER, ENDPOINT),
	ROW("marked, against the higher rank", TCP, ACK, 8080, 6000, V(9, 1), V(8, 2),
	    DESTINATION_SERVES, 2, TO_SERVER, ENDPOINT),
	ROW("marked, against the lower class", UDP, 0, 500, 50000, 0, 0, DESTINATION_SERVES, 0,
	    TO_SERVER, ENDPOINT),
	ROW("marked, with a weak entry: it names the service", UDP, 0, 50000, 500, WEAK(1, 1), 0,
	    SOURCE_SERVES, 1, TO_CLIENT, ENDPOINT),
	ROW("both marked: as if none was", TCP, ACK, 8080, 50000, V(9, 1), 0,
	    SOURCE_SERVES | DESTINATION_SERVES, 1, TO_CLIENT, DATABASE),
	ROW("two firm ones: a mark decides", TCP, ACK, 443, 80, FIRM(7, 1), FIRM(7, 2),
	    SOURCE_SERVES, 1, TO_CLIENT, ENDPOINT),
	ROW("equal ports, marked source", UDP, 0, 500, 500, FIRM(7, 1), FIRM(7, 1), SOURCE_SERVES,
	    1, TO_SERVER, ENDPOINT),
	ROW("equal ports, marked destination", TCP, ACK, 5000, 5000, 0, 0, DESTINATION_SERVES, 0,
	    TO_SERVER, ENDPOINT),

	/* Rule 4. */
	ROW("TCP, one entry, at the destination", TCP, ACK, 50000, 8080, 0, V(1, 1), 0, 1,
	    TO_SERVER, DATABASE),
	ROW("TCP, one entry, at the source", TCP, ACK, 8080, 50000, V(1, 1), 0, 0, 1, TO_CLIENT,
	    DATABASE),
	ROW("TCP, one entry, on the higher port", TCP, ACK, 1500, 8080, 0, V(1, 1), 0, 1, TO_SERVER,
	    DATABASE),
	ROW("TCP, one entry, of a range below 1024", TCP, ACK, 600, 40000, V(1, 1), 0, 0, 1,
	    TO_CLIENT, DATABASE),
	ROW("TCP, weak source, destination with an entry of lower rank", TCP, ACK, 50000, 5000,
	    WEAK(9, 1), V(1, 2), 0, 2, TO_SERVER, DATABASE),
	ROW("TCP, weak destination, source with an entry of lower rank", TCP, ACK, 5000, 50000,
	    V(1, 2), WEAK(9, 1), 0, 2, TO_CLIENT, DATABASE),
	ROW("TCP, 32767 is not weak", TCP, ACK, 32767, 32768, V(1, 2), WEAK(9, 1), 0, 2, TO_CLIENT,
	    DATABASE),

	/* Rule 5. */
	ROW("TCP, higher rank at the source", TCP, ACK, 6000, 5000, V(7, 1), V(6, 2), 0, 1,
	    TO_CLIENT, TIE),
	ROW("TCP, higher rank at the destination", TCP, ACK, 5000, 6000, V(6, 1), V(7, 2), 0, 2,
	    TO_SERVER, TIE),
	ROW("TCP, the rank counts, not the slot", TCP, ACK, 6000, 5000, V(7, 1), V(6, 65000), 0, 1,
	    TO_CLIENT, TIE),
	ROW("TCP, the rank counts, not firm", TCP, ACK, 6000, 80, V(7, 1), FIRM(6, 2), 0, 1,
	    TO_CLIENT, TIE),
	ROW("TCP, highest rank against the next", TCP, ACK, 6000, 5000, V(PORT_VALUE_RANK_MAX, 1),
	    V(PORT_VALUE_RANK_MAX - 1, 2), 0, 1, TO_CLIENT, TIE),
	ROW("TCP, equal rank: the lower port, at the source", TCP, ACK, 5000, 6000, V(7, 1),
	    V(7, 2), 0, 1, TO_CLIENT, TIE),
	ROW("TCP, equal rank: the lower port, at the destination", TCP, ACK, 6000, 5000, V(7, 1),
	    V(7, 2), 0, 2, TO_SERVER, TIE),
	ROW("TCP, two firm ones of equal rank", TCP, ACK, 443, 80, FIRM(7, 1), FIRM(7, 2), 0, 2,
	    TO_SERVER, TIE),
	ROW("TCP, equal ports with an entry", TCP, ACK, 8080, 8080, V(7, 1), V(7, 1), 0, 1,
	    TO_SERVER, TIE),

	/* Rule 6 for TCP. */
	ROW("TCP, no entry: the lower port, at the source", TCP, ACK, 2000, 3000, 0, 0, 0, 0,
	    TO_CLIENT, GUESS),
	ROW("TCP, no entry: the lower port, at the destination", TCP, ACK, 3000, 2000, 0, 0, 0, 0,
	    TO_SERVER, GUESS),
	ROW("TCP, port 0", TCP, ACK, 0, 65535, 0, 0, 0, 0, TO_CLIENT, GUESS),
	ROW("TCP, equal ports without entry", TCP, ACK, 2000, 2000, 0, 0, 0, 0, TO_SERVER, GUESS),
	ROW("TCP, weak against a lower port without entry", TCP, ACK, 2000, 50000, 0, WEAK(9, 1), 0,
	    0, TO_CLIENT, GUESS),
	ROW("TCP, weak against a higher port without entry: it names the lower one", TCP, ACK,
	    50001, 50000, 0, WEAK(9, 1), 0, 1, TO_SERVER, DATABASE),
	ROW("TCP, weak, but not the lower port", TCP, ACK, 50000, 50001, 0, WEAK(9, 1), 0, 0,
	    TO_CLIENT, GUESS),
	ROW("TCP, two weak ones: the lower port, not the rank", TCP, ACK, 50000, 60000, WEAK(1, 1),
	    WEAK(9, 2), 0, 1, TO_CLIENT, TIE),
	ROW("TCP, equal ports with a weak entry", TCP, ACK, 50000, 50000, WEAK(7, 1), WEAK(7, 1), 0,
	    1, TO_SERVER, TIE),

	/* Others, in place of 4 to 6. */
	ROW("UDP, no entry, one class: the destination", UDP, 0, 2000, 3000, 0, 0, 0, 0, TO_SERVER,
	    GUESS),
	ROW("SCTP, no entry, one class: the destination", PORT_SCTP, 0, 2000, 3000, 0, 0, 0, 0,
	    TO_SERVER, GUESS),
	ROW("DCCP, no entry, one class: the destination", PORT_DCCP, 0, 2000, 3000, 0, 0, 0, 0,
	    TO_SERVER, GUESS),
	ROW("UDP, 1023 is a class below 1024", UDP, 0, 1023, 1024, 0, 0, 0, 0, TO_CLIENT, GUESS),
	ROW("UDP, 1024 is a class above 1023", UDP, 0, 1024, 1023, 0, 0, 0, 0, TO_SERVER, GUESS),
	ROW("UDP, 32767 is a class below 32768", UDP, 0, 32767, 32768, 0, 0, 0, 0, TO_CLIENT,
	    GUESS),
	ROW("UDP, 32768 is a class above 32767", UDP, 0, 32768, 32767, 0, 0, 0, 0, TO_SERVER,
	    GUESS),
	ROW("UDP, lowest and highest", UDP, 0, 0, 65535, 0, 0, 0, 0, TO_CLIENT, GUESS),
	ROW("UDP, ends of the lowest class", UDP, 0, 0, 1023, 0, 0, 0, 0, TO_SERVER, GUESS),
	ROW("UDP, ends of the middle class", UDP, 0, 1024, 32767, 0, 0, 0, 0, TO_SERVER, GUESS),
	ROW("UDP, ends of the highest class", UDP, 0, 32768, 65535, 0, 0, 0, 0, TO_SERVER, GUESS),
	ROW("UDP, the class decides, not the only entry", UDP, 0, 500, 5000, 0, V(9, 1), 0, 0,
	    TO_CLIENT, GUESS),
	ROW("UDP, the destination, not the only entry", UDP, 0, 5000, 6000, V(9, 1), 0, 0, 0,
	    TO_SERVER, GUESS),
	ROW("UDP, the class, which has the only entry", UDP, 0, 5000, 50000, V(9, 1), 0, 0, 1,
	    TO_CLIENT, DATABASE),
	ROW("UDP, the class, against a weak entry", UDP, 0, 5000, 50000, V(1, 2), WEAK(9, 1), 0, 2,
	    TO_CLIENT, DATABASE),
	ROW("UDP, the class, not the rank", UDP, 0, 500, 5000, V(1, 1), V(9, 2), 0, 1, TO_CLIENT,
	    TIE),
	ROW("UDP, the destination, not the rank", UDP, 0, 6000, 5000, V(7, 1), V(6, 2), 0, 2,
	    TO_SERVER, TIE),
	ROW("UDP, two weak ones: the destination", UDP, 0, 50000, 60000, WEAK(9, 1), WEAK(1, 2), 0,
	    2, TO_SERVER, TIE),
	ROW("UDP, weak destination: it names what was chosen", UDP, 0, 40000, 50000, 0, WEAK(9, 1),
	    0, 1, TO_SERVER, DATABASE),
	ROW("UDP, weak source, destination without entry", UDP, 0, 50000, 2000, WEAK(9, 1), 0, 0, 0,
	    TO_SERVER, GUESS),
	ROW("UDP, weak destination, lower class without entry", UDP, 0, 2000, 50000, 0, WEAK(9, 1),
	    0, 0, TO_CLIENT, GUESS),
	ROW("UDP, equal ports with an entry", UDP, 0, 123, 123, FIRM(7, 1), FIRM(7, 1), 0, 1,
	    TO_SERVER, TIE),
	ROW("UDP, equal ports without entry", UDP, 0, 2000, 2000, 0, 0, 0, 0, TO_SERVER, GUESS),
	ROW("SCTP, the class, as UDP", PORT_SCTP, 0, 2905, 60000, V(1, 1), 0, 0, 1, TO_CLIENT,
	    DATABASE),
	ROW("DCCP, the class, as UDP", PORT_DCCP, 0, 60000, 5004, 0, V(1, 1), 0, 1, TO_SERVER,
	    DATABASE),
};
const size_t resolve_rows_len = sizeof(resolve_rows) / sizeof(resolve_rows[0]);
