/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Message numbers: ATLPnnnn, each with an entry in docs/messages.md. Numbers are never used
 * for anything else again. (AHnnnnn belong to httpd itself.)
 */
#ifndef ATL_LOG_H
#define ATL_LOG_H

#define ATL_LOGNO(n) "ATLP" #n ": "

#endif
