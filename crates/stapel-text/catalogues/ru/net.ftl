### net
